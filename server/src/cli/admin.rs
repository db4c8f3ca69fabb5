//! `kaiji admin`: what the operator does on the machine itself, without a client: first of all, making one.
//!
//! Works on the database through the verbs of the exchange, also beside a running service. Options become the same
//! documents that REST reads, so that what is valid stands once.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use kaiji_schema::key::{Algorithm, PublicKey};
use kaiji_schema::reader::{self, FromMembers};
use serde_json::{Value, json};

use super::end::{Answer, CommandError};
use super::output::Output;
use super::serve::Settings;
use super::{Ambient, files, key};
use crate::actor::{Role, Scope};
use crate::app::{self, Rotated};
use crate::exchange::{
    ClientView, Exchange, NewClient, NewOrganisation, NewUser, OrganisationView, ServicePurpose,
    UserView,
};

/// Make organisations and API clients, invite people, exchange keys, directly in the database
#[derive(Debug, Args)]
pub(super) struct Admin {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Operator(NewOperator),
    Vendor(Vendor),
    Institution(Institution),
    Client(Client),
    User(User),
    RotateKey(RotateKey),
}

/// Make an operator with its API client
#[derive(Debug, Args)]
struct NewOperator {
    /// What the operator is called
    #[arg(long)]
    name: String,
    #[command(flatten)]
    key: ClientKey,
    #[command(flatten)]
    common: Common,
}

/// Register a vendor (事業者)
#[derive(Debug, Args)]
struct Vendor {
    /// Its name
    #[arg(long)]
    name: String,
    /// 法人番号, 13 digits
    #[arg(long, value_name = "DIGITS")]
    corporate_number: Option<String>,
    /// Whom to reach
    #[arg(long)]
    contact: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Register a medical institution (医療機関等)
#[derive(Debug, Args)]
struct Institution {
    /// Its name
    #[arg(long)]
    name: String,
    /// 医療機関コード: 10 digits, or 7 with --prefecture and --fee-table
    #[arg(long, value_name = "DIGITS")]
    medical_institution_code: Option<String>,
    /// 都道府県番号, 01 to 47
    #[arg(long, value_name = "DIGITS", requires = "fee_table")]
    prefecture: Option<String>,
    /// 点数表番号: 1 医科, 3 歯科, 4 調剤, 6 訪問看護
    #[arg(long, value_name = "DIGIT", requires = "prefecture")]
    fee_table: Option<String>,
    /// 法人番号, 13 digits
    #[arg(long, value_name = "DIGITS")]
    corporate_number: Option<String>,
    /// Whom to reach
    #[arg(long)]
    contact: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Make an API client of an organisation
#[derive(Debug, Args)]
struct Client {
    /// The organisation's id
    #[arg(long, value_name = "ID")]
    organisation: String,
    /// What the organisation calls the client
    #[arg(long)]
    name: String,
    /// What the client may ask for, such as `statements:write`; once for each
    #[arg(long, value_name = "SCOPE", required = true)]
    scope: Vec<String>,
    #[command(flatten)]
    key: ClientKey,
    #[command(flatten)]
    common: Common,
}

/// Invite an organisation's first administrator, by letter
///
/// The letter with the link is sent by the running service; nothing secret is printed.
#[derive(Debug, Args)]
struct User {
    /// The organisation's id; without it, the operator
    #[arg(long, value_name = "ID")]
    organisation: Option<String>,
    /// The address: to sign in with, and for letters
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// The person's name
    #[arg(long)]
    name: String,
    /// What the person is trusted with besides administering, such as `editor`; once for each
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// Exchange a key of the service itself, while it is stopped
///
/// A new key is made and the log says so; the old one is kept beside it as NAME.KID.retired.pem and stays published, so
/// that what it signed can be verified. If it was interrupted, the same command completes it.
#[derive(Debug, Args)]
struct RotateKey {
    /// What the key signs
    purpose: Purpose,
    /// The key in use is lost for good: go on without it
    #[arg(long)]
    lost: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Purpose {
    /// Receipts
    Receipt,
    /// Checkpoints of the log
    Log,
    /// Access tokens
    Token,
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

/// The key by which the client shows who it is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ClientKey {
    /// The client's public key (PEM or JWK)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Make the key: the private one goes to FILE, readable by its owner alone
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
}

impl ClientKey {
    /// Does something with the public key. If that fails, a key that was made for it is taken away again, so that the
    /// same command can be given once more.
    fn for_client<T>(
        &self,
        ambient: &Ambient,
        create: impl FnOnce(&PublicKey) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let created = create(&self.public(ambient)?);
        if let (Err(_), Some(path)) = (&created, &self.new_key) {
            drop((
                fs::remove_file(path),
                fs::remove_file(key::public_path(path)),
            ));
        }
        created
    }

    fn public(&self, ambient: &Ambient) -> Result<PublicKey, CommandError> {
        match (&self.key, &self.new_key) {
            (Some(path), _) => files::read_public_key(path),
            (None, Some(path)) => {
                let made = key::make(path, Algorithm::Es256, &*ambient.random)?;
                Ok(made.public().clone())
            }
            (None, None) => Err(CommandError::Usage("give --key or --new-key".to_owned())),
        }
    }
}

impl Admin {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        match &self.what {
            What::Operator(new) => new.make(ambient),
            What::Vendor(new) => new.common.register(ambient, &new.members()),
            What::Institution(new) => new.common.register(ambient, &new.members()),
            What::Client(new) => new.make(ambient),
            What::User(new) => new.invite(ambient),
            What::RotateKey(rotate) => rotate.run(ambient),
        }?;
        Ok(Answer::Yes)
    }
}

impl NewOperator {
    fn make(&self, ambient: &Ambient) -> Result<(), CommandError> {
        let exchange = self.common.open(ambient)?;
        let client = self
            .key
            .for_client(ambient, |key| make_operator(&exchange, &self.name, key))?;
        self.common.show_client(&client)
    }
}

/// Makes an operator and its client, which may do what operators do.
pub(super) fn make_operator(
    exchange: &Exchange,
    name: &str,
    key: &PublicKey,
) -> Result<ClientView, CommandError> {
    let client = new_client(name, key, &[Scope::Admin.as_str().to_owned()])?;
    Ok(exchange.create_operator(name, client)?)
}

impl Vendor {
    fn members(&self) -> Value {
        json!({
            "kind": "vendor",
            "name": self.name,
            "corporate_number": self.corporate_number,
            "contact": self.contact,
        })
    }
}

impl Institution {
    fn members(&self) -> Value {
        json!({
            "kind": "institution",
            "name": self.name,
            "medical_institution_code": self.medical_institution_code,
            "prefecture": self.prefecture,
            "fee_table": self.fee_table,
            "corporate_number": self.corporate_number,
            "contact": self.contact,
        })
    }
}

impl Client {
    fn make(&self, ambient: &Ambient) -> Result<(), CommandError> {
        let exchange = self.common.open(ambient)?;
        let client = self.key.for_client(ambient, |key| {
            let client = new_client(&self.name, key, &self.scope)?;
            Ok(exchange.create_client(
                &exchange.shell("admin_client")?,
                &self.organisation,
                client,
                None,
            )?)
        })?;
        self.common.show_client(&client)
    }
}

impl User {
    fn invite(&self, ambient: &Ambient) -> Result<(), CommandError> {
        let administrator = Role::Administrator.as_str();
        let mut roles: Vec<&str> = self.role.iter().map(String::as_str).collect();
        if !roles.contains(&administrator) {
            roles.push(administrator);
        }
        let new: NewUser = read(&json!({
            "organisation": self.organisation,
            "email": self.email,
            "name": self.name,
            "roles": roles,
        }))?;
        let exchange = self.common.open(ambient)?;
        let user = exchange.invite_user(&exchange.shell("admin_user")?, new, None)?;
        let UserView {
            id,
            organisation,
            email,
            roles,
            ..
        } = &user;
        let text = format!(
            "user          {id}\norganisation  {organisation}\naddress       {email}\nroles         {}\n\
             The letter with the link is sent by the service.",
            roles.join(" "),
        );
        self.common.output.show(&user, &text)
    }
}

impl Common {
    fn open(&self, ambient: &Ambient) -> Result<Arc<Exchange>, CommandError> {
        let config = self.settings.load()?;
        Ok(app::open_exchange(
            &config,
            ambient.clock.clone(),
            ambient.random.clone(),
        )?)
    }

    fn register(&self, ambient: &Ambient, members: &Value) -> Result<(), CommandError> {
        let new: NewOrganisation = read(members)?;
        let exchange = self.open(ambient)?;
        let actor = exchange.shell(&format!("admin_{}", new.kind))?;
        let organisation = exchange.create_organisation(&actor, new, None)?;
        let OrganisationView { id, kind, name, .. } = &organisation;
        self.output
            .show(&organisation, &format!("{kind}  {id}  {name}"))
    }

    fn show_client(&self, client: &ClientView) -> Result<(), CommandError> {
        let ClientView {
            client_id,
            organisation,
            scopes,
            kid,
            ..
        } = client;
        let text = format!(
            "client        {client_id}\norganisation  {organisation}\nscopes        {}\nkid           {kid}",
            scopes.join(" "),
        );
        self.output.show(client, &text)
    }
}

impl RotateKey {
    fn run(&self, ambient: &Ambient) -> Result<(), CommandError> {
        let config = self.common.settings.load()?;
        let (clock, random) = (ambient.clock.clone(), &ambient.random);
        let purpose = ServicePurpose::from(self.purpose);
        let rotated = app::rotate_key(&config, clock, random, purpose, self.lost)?;
        let Rotated { kid, leaf, files } = &rotated;
        let retired = files
            .retired
            .as_ref()
            .map(|path| path.display().to_string());
        let value = json!({
            "purpose": purpose.as_str(),
            "kid": kid,
            "leaf": leaf,
            "file": files.file.display().to_string(),
            "retired": retired,
        });
        let leaf = leaf.map_or("written before".to_owned(), |leaf| leaf.to_string());
        let text = format!(
            "in use   {kid}  {}\nretired  {}\nleaf     {leaf}\n\
             Put the new file into the backup of the keys, and on every other instance, before the service starts.",
            files.file.display(),
            retired.as_deref().unwrap_or("(its file was not there)"),
        );
        self.common.output.show(&value, &text)
    }
}

impl From<Purpose> for ServicePurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Receipt => Self::Receipt,
            Purpose::Log => Self::Log,
            Purpose::Token => Self::Token,
        }
    }
}

fn new_client(name: &str, key: &PublicKey, scopes: &[String]) -> Result<NewClient, CommandError> {
    read(&json!({ "name": name, "pem": key.to_pem(), "scopes": scopes }))
}

/// Reads a document that was made of options, by the rules that REST reads it by.
fn read<T: FromMembers>(members: &Value) -> Result<T, CommandError> {
    reader::read(members.to_string().as_bytes())
        .map_err(|error| CommandError::Options(error.into()))
}
