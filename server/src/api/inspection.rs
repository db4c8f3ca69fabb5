//! What whoever holds a link to an inspection may do: look at the summary, take the package or the PDF. Every time is put
//! down for the institution. The link travels in a header, never in an address, and is all that they show.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::State;
use super::answer::{Answer, Shown};
use super::exports::Format;
use super::headers::shown_link;
use super::inspections::{Package, Pdf, begin};
use super::operation::{About, Describe};
use super::problem::{Kind, Problem};
use super::query::Query;
use crate::actor::Act;
use crate::exchange::{Exchange, InspectedView, Inspector, Purpose};

/// Someone with a link that nobody has looked at.
pub struct ByLink {
    shown: String,
    act: Act,
    state: web::Data<State>,
}

impl ByLink {
    /// Runs a verb for whoever holds the link, if it is good.
    async fn ask<T: Send + 'static>(
        self,
        purpose: Purpose,
        verb: impl FnOnce(&Exchange, &Inspector) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (shown, act) = (self.shown, self.act);
        self.state
            .ask(move |exchange| {
                let inspector = exchange.receive_inspector(&shown, act, purpose)?;
                verb(exchange, &inspector)
            })
            .await
    }
}

impl FromRequest for ByLink {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(shown_link(request.headers()).and_then(|shown| {
            let state = State::of(request)?;
            Ok(Self {
                shown: shown.to_owned(),
                act: state.acts().of(request),
                state,
            })
        }))
    }
}

impl Describe for ByLink {
    fn describe(about: &mut About) {
        about.header(
            "Kaiji-Link",
            "What stands behind `#` in the link that the institution handed over: `<id>.<token>`. Needed.",
        );
        about.refuses(&[
            Kind::BadHeader,
            Kind::UnknownLink,
            Kind::LinkGone,
            Kind::TooManyTries,
            Kind::Internal,
            Kind::Unavailable,
        ]);
    }
}

/// Shows the summary.
pub async fn look(link: ByLink) -> Answer<Shown<InspectedView>> {
    let seen = link.ask(Purpose::Summary, |exchange, inspector| {
        Ok(exchange.inspected(inspector)?)
    });
    seen.await.map(Shown)
}

/// Hands out the package.
pub async fn package(
    state: web::Data<State>,
    link: ByLink,
    format: Query<Format>,
) -> Answer<Package> {
    let Format { encoding } = format.read()?;
    let begun = link.ask(Purpose::Package, move |exchange, inspector| {
        begin(exchange, exchange.inspector_package(inspector, encoding)?)
    });
    Ok(Package::sent(&state, begun.await?))
}

/// Hands out the PDF.
pub async fn document(link: ByLink) -> Answer<Pdf> {
    let made = link.ask(Purpose::Document, |exchange, inspector| {
        let (inspection, bytes) = exchange.inspector_document(inspector)?;
        Ok(Pdf { inspection, bytes })
    });
    made.await
}
