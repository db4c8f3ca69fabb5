//! Who may do what: the permission stands in the handler's type, and there is no other way to an actor.
//!
//! Programs are held to the scopes of their tokens, people to those that follow from their roles; what takes a duty (keys,
//! users, releases) asks people for the role itself and for a fresh one-time code. Whoever acts for another by a mandate
//! (`Kaiji-Acting-For`) is held to the scopes of both, and has no duties there.
//!
//! `Caller<P>` holds a bearer token that nobody has looked at. [`Caller::ask`] checks it, then `P`, then runs the verb,
//! all in one step off the network's threads: a request costs one hop, and a body is read for those alone who may.
//! It is also where the audit trail learns what became of each request.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};
use std::sync::Arc;

use super::State;
use super::bearer::{Bearer, token};
use super::headers::describe_acting_for;
use super::operation::{About, Describe};
use super::problem::{Kind, Problem};
use crate::actor::{Act, Actor, OrganisationKind, Person, Role, Scope, Unfit};
use crate::exchange::Exchange;

/// What becomes of a question that is answered.
const ANSWERED: &str = "answered";

/// What becomes of a request whose sender goes away between two of its steps.
const BROKEN_OFF: &str = "broken_off";

/// One kind of organisation that may use an operation, the scopes that its token must have, and what is asked of people.
#[derive(Debug)]
pub struct Grant {
    /// The kind of organisation.
    pub kind: OrganisationKind,
    /// What the token must allow, all of it.
    pub scopes: &'static [Scope],
    /// What is asked of people.
    pub people: People,
}

/// What is asked of people, who act in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {
    /// What is asked of programs: the scopes, as they follow from the roles.
    Likewise,
    /// This role and a fresh one-time code, instead of the scopes.
    Dutiful(Role),
    /// Nothing; but programs have no business here.
    Alone,
    /// A fresh one-time code; programs have no business here.
    SteppedUp,
    /// Nothing: every role lets its holder read.
    Freely,
    /// What is asked of programs, of those of the organisation itself: nobody acts for it here.
    Itself,
}

impl Grant {
    /// Whether another may do it for the organisation, by a mandate that has the scopes. What it takes a duty or an
    /// administrator for, it does itself.
    pub fn is_open_to_agents(&self) -> bool {
        self.kind == OrganisationKind::Institution
            && matches!(self.people, People::Likewise | People::Freely)
            && !self.scopes.contains(&Scope::Admin)
    }
}

/// Who may use an operation.
pub trait Permission: 'static {
    /// Each suffices.
    const GRANTS: &'static [Grant];
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $($kind:ident [$($scope:ident)?] $(as $role:ident)? $(people $people:ident)?),+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Permission for $name {
            const GRANTS: &'static [Grant] = &[
                $(Grant {
                    kind: OrganisationKind::$kind,
                    scopes: &[$(Scope::$scope)?],
                    people: people!($(as $role)? $(people $people)?),
                }),+
            ];
        }
    )+};
}

macro_rules! people {
    () => {
        People::Likewise
    };
    (as $role:ident) => {
        People::Dutiful(Role::$role)
    };
    (people $people:ident) => {
        People::$people
    };
}

permissions! {
    /// The operator administers organisations and clients.
    Administrator: Operator [Admin];
    /// A vendor changes what is its own: products, keys, statements, answers to requests.
    VendorWrites: Vendor [StatementsWrite];
    /// A vendor reads what is its own.
    VendorReads: Vendor [StatementsRead];
    /// Keys are seen by their vendor and by the operator, who approves the first.
    KeyReaders: Operator [Admin], Vendor [StatementsRead];
    /// Keys are approved by the operator or by another key of the vendor.
    KeyApprovers: Operator [Admin] as Administrator, Vendor [StatementsWrite] as KeyManager;
    /// A vendor registers, retires and revokes its keys.
    KeyHolders: Vendor [StatementsWrite] as KeyManager;
    /// The operator gives organisations clients, and takes them away.
    ClientMakers: Operator [Admin] as Administrator;
    /// A vendor decides who may read its statements, and to whom a product goes.
    Releasers: Vendor [StatementsWrite] as Approver;
    /// Statements are read by their vendor and by the institutions that they were released to.
    StatementReaders: Vendor [StatementsRead], Institution [StatementsRead];
    /// An institution keeps its inventory, asks for statements and acknowledges them.
    InstitutionRequests: Institution [RequestsWrite];
    /// An institution keeps its own records: reviews, checklist, contract points, and the files that they name.
    RecordKeepers: Institution [ReviewsWrite];
    /// An institution's own records are read by its programs that keep them, and by all of its people.
    RecordReaders: Institution [ReviewsWrite] people Freely;
    /// An institution approves its risk reviews.
    ReviewApprovers: Institution [ReviewsWrite] as Approver;
    /// An institution reads how statements compare.
    InstitutionReads: Institution [StatementsRead];
    /// Requests are seen by the institution that made them and by the vendor that is asked.
    RequestReaders: Vendor [StatementsRead], Institution [RequestsWrite];
    /// An institution freezes what it has to show, and hands it to inspectors.
    Inspected: Institution [ReviewsWrite];
    /// Exports of what is the caller's own.
    Exporters: Vendor [ExportsRead], Institution [ExportsRead];
    /// An institution takes its inventory out.
    InventoryExporters: Institution [ExportsRead];
    /// An organisation's administrators read its audit trail.
    AuditReaders: Operator [Admin], Vendor [Admin], Institution [Admin];
    /// An organisation's administrators see its people.
    UserReaders: Operator [Admin], Vendor [Admin], Institution [Admin];
    /// An organisation's administrators say who its people are and what they may do.
    UserKeepers: Operator [Admin] as Administrator, Vendor [Admin] as Administrator,
        Institution [Admin] as Administrator;
    /// An institution sees the mandates that it gave and holds.
    MandateReaders: Institution [Admin];
    /// An institution gives mandates and ends them.
    MandateKeepers: Institution [Admin] as Administrator;
    /// Whoever belongs to an institution.
    InstitutionMembers: Institution [] people Itself;
    /// Whoever is signed in, about themselves.
    SignedInPeople: Operator [] people Alone, Vendor [] people Alone, Institution [] people Alone;
    /// The same, with a fresh one-time code.
    SteppedUpPeople: Operator [] people SteppedUp, Vendor [] people SteppedUp, Institution [] people SteppedUp;
    /// Any organisation of the exchange.
    AnyMember: Operator [], Vendor [], Institution [];
}

fn allow<P: Permission>(actor: &Actor) -> Result<(), Problem> {
    let of_kind = || P::GRANTS.iter().filter(|grant| grant.kind == actor.kind);
    let mut refusal = None;
    for grant in of_kind() {
        let allowed = match (&actor.agent, actor.person()) {
            (Some(_), _) => allow_agent(grant, actor),
            (None, Some(person)) => allow_person(grant, actor, person),
            (None, None) => allow_program(grant, actor),
        };
        match allowed {
            Ok(()) => return Ok(()),
            Err(problem) => refusal = refusal.or(Some(problem)),
        }
    }
    Err(refusal.unwrap_or_else(|| {
        let detail = format!("not for an organisation of the kind {}", actor.kind);
        Problem::new(Kind::Forbidden, detail)
    }))
}

fn allow_agent(grant: &Grant, actor: &Actor) -> Result<(), Problem> {
    if grant.is_open_to_agents() {
        return has_scopes(grant, actor);
    }
    let detail = "an organisation does this itself: nobody can do it for it by a mandate";
    Err(Problem::new(Kind::Forbidden, detail))
}

fn allow_program(grant: &Grant, actor: &Actor) -> Result<(), Problem> {
    match grant.people {
        People::Likewise | People::Itself | People::Freely | People::Dutiful(_) => {
            has_scopes(grant, actor)
        }
        People::Alone | People::SteppedUp => {
            let detail = "for people who have signed in (`POST /api/v1/session`)";
            Err(Problem::new(Kind::Forbidden, detail))
        }
    }
}

fn allow_person(grant: &Grant, actor: &Actor, person: &Person) -> Result<(), Problem> {
    match grant.people {
        People::Likewise | People::Itself => has_scopes(grant, actor),
        People::Dutiful(role) => Ok(person.is_fit_as(role)?),
        People::Alone | People::Freely => Ok(()),
        People::SteppedUp => Ok(person.has_stepped_up()?),
    }
}

fn has_scopes(grant: &Grant, actor: &Actor) -> Result<(), Problem> {
    let mut missing = grant.scopes.iter();
    let missing = missing.find(|scope| !actor.scopes.contains(**scope));
    match (missing, actor.person()) {
        (None, _) => Ok(()),
        (Some(scope), _) if actor.agent.is_some() => {
            let scope = scope.as_str();
            let detail = format!("the mandate, or your own token or roles, lack the scope {scope}");
            Err(Problem::new(Kind::Forbidden, detail))
        }
        (Some(scope), None) => {
            let detail = format!("the token lacks the scope {}", scope.as_str());
            Err(Problem::new(Kind::Forbidden, detail))
        }
        (Some(scope), Some(_)) => {
            let detail = format!("your roles do not allow {}", scope.as_str());
            Err(Problem::new(Kind::Forbidden, detail))
        }
    }
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        let kind = match unfit {
            Unfit::Role(_) => Kind::Forbidden,
            Unfit::StepUp => Kind::StepUpRequired,
        };
        Self::new(kind, unfit.to_string())
    }
}

/// Someone with a bearer token, who may do what `P` permits if the token holds.
pub struct Caller<P> {
    bearer: Bearer,
    state: web::Data<State>,
    permission: PhantomData<P>,
}

impl<P: Permission> Caller<P> {
    /// Runs a verb for the actor behind the token, if the token holds and `P` permits it. Whatever comes of it is
    /// recorded, also if nobody waits for the answer any more.
    pub async fn ask<T: Send + 'static>(
        self,
        verb: impl FnOnce(&Exchange, &Actor) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let bearer = self.bearer;
        self.state
            .ask(move |exchange| {
                let actor = bearer.actor(exchange)?;
                let outcome = allow::<P>(&actor).and_then(|()| verb(exchange, &actor));
                record(exchange, &actor, &outcome);
                outcome
            })
            .await
    }

    /// Runs the first verb of a request that takes several steps. What becomes of it is recorded when it ends.
    pub async fn begin<T: Send + 'static>(
        self,
        verb: impl FnOnce(&Exchange, &Actor) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(T, UnderWay), Problem> {
        let bearer = self.bearer;
        let shared = Arc::clone(self.state.exchange());
        self.state
            .ask(move |exchange| {
                let actor = bearer.actor(exchange)?;
                let under_way = UnderWay {
                    exchange: shared,
                    actor,
                };
                let actor = &under_way.actor;
                match allow::<P>(actor).and_then(|()| verb(exchange, actor)) {
                    Ok(begun) => Ok((begun, under_way)),
                    Err(problem) => under_way.end(Err(problem)),
                }
            })
            .await
    }
}

/// Someone without a token, for what takes none.
pub struct Stranger {
    act: Act,
    state: web::Data<State>,
}

impl Stranger {
    /// Runs a verb. What is to be recorded of it, the verb records.
    pub async fn ask<T: Send + 'static>(
        self,
        verb: impl FnOnce(&Exchange, Act) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let act = self.act;
        self.state.ask(move |exchange| verb(exchange, act)).await
    }
}

impl FromRequest for Stranger {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(State::of(request).map(|state| Self {
            act: state.acts().of(request),
            state,
        }))
    }
}

impl Describe for Stranger {
    fn describe(about: &mut About) {
        about.refuses(&[Kind::TooManyTries, Kind::Internal, Kind::Unavailable]);
    }
}

/// A request that takes several steps.
pub struct UnderWay {
    exchange: Arc<Exchange>,
    actor: Actor,
}

impl UnderWay {
    /// Who asks.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Records what became of it.
    pub fn end<T>(self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        record(&self.exchange, &self.actor, &outcome);
        outcome
    }
}

/// One whose sender went away is recorded as well.
impl Drop for UnderWay {
    fn drop(&mut self) {
        self.exchange.record(&self.actor, BROKEN_OFF);
    }
}

/// Tells the audit trail what became of a request.
pub(super) fn record<T>(exchange: &Exchange, actor: &Actor, outcome: &Result<T, Problem>) {
    let result = outcome.as_ref().map_or_else(Problem::slug, |_| ANSWERED);
    exchange.record(actor, result);
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(token(request).and_then(|token| {
            let state = State::of(request)?;
            Ok(Self {
                bearer: Bearer::new(token, state.acts().of(request), request.headers()),
                state,
                permission: PhantomData,
            })
        }))
    }
}

impl<P: Permission> Describe for Caller<P> {
    fn describe(about: &mut About) {
        about.access = P::GRANTS;
        about.refuses(&[
            Kind::Unauthenticated,
            Kind::Forbidden,
            Kind::Internal,
            Kind::Unavailable,
        ]);
        if P::GRANTS.iter().any(Grant::is_open_to_agents) {
            describe_acting_for(about);
        }
        let fresh = |grant: &Grant| matches!(grant.people, People::Dutiful(_) | People::SteppedUp);
        if P::GRANTS.iter().any(fresh) {
            about.refuses(&[Kind::StepUpRequired]);
        }
    }
}
