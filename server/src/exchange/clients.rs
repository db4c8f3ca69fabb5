//! The operator gives an organisation API clients: a public key and the scopes it may ask for.

use kaiji_schema::key::PublicKey;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::audit::shell_of;
use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::letters::LetterWish;
use super::{Exchange, Moment, Page, Window, violation};
use crate::actor::{Actor, OrganisationKind, Scope, Scopes};
use crate::storage::clients::{self, ClientRow};
use crate::storage::organisations::{self, OrganisationRow};
use crate::storage::{Error as StorageError, Tx};

/// A client to be created.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// What the organisation calls it.
    pub name: String,
    /// The key it signs its assertions with.
    pub key: PublicKey,
    /// What it may ask for.
    pub scopes: Scopes,
}

impl FromMembers for NewClient {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.required_text("name", 100);
        let key = read_public_key(reader);
        let words = reader.texts("scopes", Scope::ALL.len(), 32);
        if words.as_ref().is_some_and(Vec::is_empty) {
            reader.report("scopes", "empty", "a client needs at least one scope");
        }
        let scopes =
            words.and_then(
                |words| match words.iter().map(|word| word.parse()).collect() {
                    Ok(scopes) => Some(scopes),
                    Err(error) => {
                        let error: crate::actor::UnknownWord = error;
                        reader.report("scopes", "choice", error.to_string());
                        None
                    }
                },
            );
        Some(Self {
            name: name?,
            key: key?,
            scopes: scopes?,
        })
    }
}

/// Reads `jwk` (an object) or `pem` (text): a public key.
pub(super) fn read_public_key(reader: &mut Reader<'_>) -> Option<PublicKey> {
    let pem = reader.optional_lines("pem", 4000);
    let pointer = reader.pointer_to("jwk");
    match (reader.take("jwk"), pem) {
        (Some(jwk), None) => match PublicKey::from_jwk(jwk, &pointer) {
            Ok(key) => Some(key),
            Err(violations) => {
                reader.absorb(violations.into_vec());
                None
            }
        },
        (None, Some(pem)) => match PublicKey::from_pem(&pem) {
            Ok(key) => Some(key),
            Err(error) => {
                reader.report("pem", "key_refused", error.to_string());
                None
            }
        },
        _ => {
            reader.report(
                "jwk",
                "missing",
                "give the public key, as `jwk` or as `pem`, and only once",
            );
            None
        }
    }
}

/// A client as the operator sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ClientView {
    /// Opaque id: `iss` and `sub` of its assertions.
    pub client_id: String,
    /// The organisation it acts for.
    pub organisation: String,
    /// What the organisation calls it.
    pub name: String,
    /// RFC 7638 thumbprint of its key.
    pub kid: String,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Whether it may not be used any more.
    pub disabled: bool,
    /// When it was created.
    #[schema(value_type = String)]
    pub created_at: Moment,
}

impl From<ClientRow> for ClientView {
    fn from(row: ClientRow) -> Self {
        Self {
            client_id: row.id,
            organisation: row.organisation_id,
            name: row.name,
            kid: row.kid,
            scopes: row.scopes.split(' ').map(str::to_owned).collect(),
            disabled: row.disabled_at.is_some(),
            created_at: Moment(row.created_at),
        }
    }
}

/// Why a client was not created, found or disabled.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no such organisation or client.
    #[error("there is no such organisation or client")]
    NotFound,
    /// The scopes do not fit the organisation.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Creates a client of the organisation.
    pub fn create_client(
        &self,
        actor: &Actor,
        organisation_id: &str,
        new: NewClient,
        request: Option<Idempotency>,
    ) -> Result<ClientView, ClientError> {
        let id = self.new_id("cli")?;
        let organisation_id = organisation_id.to_owned();
        let created = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return clients::find(tx, &id)?.ok_or(ClientError::NotFound);
            }
            let organisation =
                organisations::find(tx, &organisation_id)?.ok_or(ClientError::NotFound)?;
            let row = client_of(&organisation, &id, &new, tx.now().as_millisecond())?;
            clients::insert(tx, &row)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok::<_, ClientError>(row)
        })?;
        Ok(created.value.into())
    }

    /// The clients of an organisation.
    pub fn list_clients(
        &self,
        organisation_id: &str,
        window: &Window,
    ) -> Result<Page<ClientView>, ClientError> {
        let rows = self.db.read(|c| {
            organisations::find(c, organisation_id)?.ok_or(ClientError::NotFound)?;
            Ok::<_, ClientError>(clients::list(
                c,
                organisation_id,
                window.after_id(),
                window.fetch(),
            )?)
        })?;
        Ok(window.page(rows, |row| row.id.clone(), ClientView::from))
    }

    /// Shuts a client out for good, from the next request on.
    pub fn disable_client(
        &self,
        actor: &Actor,
        organisation_id: &str,
        client_id: &str,
    ) -> Result<(), ClientError> {
        let (organisation_id, client_id) = (organisation_id.to_owned(), client_id.to_owned());
        self.write(actor, move |tx| {
            let now = tx.now().as_millisecond();
            let disabled = clients::disable(tx, &organisation_id, &client_id, now)?;
            if disabled {
                Ok(())
            } else {
                Err(ClientError::NotFound)
            }
        })?;
        Ok(())
    }

    /// Makes an operator's organisation and its client: how a service gets its first operator.
    pub fn create_operator(&self, name: &str, new: NewClient) -> Result<ClientView, ClientError> {
        let (organisation_id, client_id) = (
            self.new_id(OrganisationKind::Operator.id_prefix())?,
            self.new_id("cli")?,
        );
        let name = name.to_owned();
        // Nobody is there yet who could have asked for it but the one at the machine.
        let actor = &shell_of(&organisation_id, "admin_operator");
        let created = self.write(actor, move |tx| {
            let organisation = operator(tx, &organisation_id, &name)?;
            let row = client_of(&organisation, &client_id, &new, tx.now().as_millisecond())?;
            clients::insert(tx, &row)?;
            tx.concerns(&row.id);
            Ok::<_, ClientError>(row)
        })?;
        Ok(created.value.into())
    }
}

fn operator(tx: &mut Tx<'_>, id: &str, name: &str) -> Result<OrganisationRow, StorageError> {
    let row = OrganisationRow {
        id: id.to_owned(),
        kind: OrganisationKind::Operator.as_str().to_owned(),
        name: name.to_owned(),
        name_folded: super::fold(name),
        corporate_number: None,
        medical_institution_code: None,
        contact: None,
        revision: 1,
        created_at: tx.now().as_millisecond(),
        disabled_at: None,
        email: None,
        letters: LetterWish::AtOnce.as_str().to_owned(),
    };
    organisations::insert(tx, &row)?;
    Ok(row)
}

fn client_of(
    organisation: &OrganisationRow,
    id: &str,
    new: &NewClient,
    now: i64,
) -> Result<ClientRow, ClientError> {
    let kind: OrganisationKind = organisation
        .kind
        .parse()
        .map_err(|_| StorageError::Corrupt(format!("kind {}", organisation.kind)))?;
    if let Some(scope) = new.scopes.iter().find(|scope| !scope.fits(kind)) {
        let detail = format!(
            "the scope {} is not for a client of a {kind}",
            scope.as_str()
        );
        return Err(violation("/scopes", "scope_does_not_fit", detail).into());
    }
    Ok(ClientRow {
        id: id.to_owned(),
        organisation_id: organisation.id.clone(),
        name: new.name.clone(),
        kid: new.key.thumbprint().as_str().to_owned(),
        jwk: new.key.to_jwk(),
        scopes: new.scopes.to_string(),
        created_at: now,
        disabled_at: None,
    })
}
