//! The shapes of what people send about themselves and each other.

use utoipa::ToSchema;

/// Somebody to be invited.
#[derive(ToSchema)]
#[schema(as = NewUser)]
pub struct NewUserShape {
    /// The organisation, where it is not the caller's: the operator invites an organisation's first administrator.
    organisation: Option<String>,
    /// The address: to sign in with, and for letters. One person's in the whole exchange.
    email: String,
    /// The name, at most 100 characters.
    name: String,
    /// `viewer` (閲覧), `editor` (編集), `approver` (承認), `key_manager` (鍵管理, vendors alone), `administrator` (管理).
    roles: Vec<String>,
}

/// What is to change; members that are left out stay as they are.
#[derive(ToSchema)]
#[schema(as = UserChange)]
pub struct UserChangeShape {
    /// Another name.
    name: Option<String>,
    /// Other roles.
    roles: Option<Vec<String>>,
    /// When letters are wanted: `at_once`, `daily`, or `never` those that one can do without.
    letters: Option<String>,
    /// Whether the person is shut out.
    disabled: Option<bool>,
}

/// What is to change of oneself; members that are left out stay as they are.
#[derive(ToSchema)]
#[schema(as = Preferences)]
pub struct PreferencesShape {
    /// Another name.
    name: Option<String>,
    /// When letters are wanted: `at_once`, `daily`, or `never` those that one can do without.
    letters: Option<String>,
}

/// A password.
#[derive(ToSchema)]
#[schema(as = ChosenPassword)]
pub struct ChosenPasswordShape {
    /// 13 to 128 characters of any kind, and not one that is easily guessed.
    password: String,
}

/// A one-time code.
#[derive(ToSchema)]
#[schema(as = OneTimeCode)]
pub struct OneTimeCodeShape {
    /// Six digits of the authenticator. Each is good once.
    code: String,
}

/// Whose password is forgotten.
#[derive(ToSchema)]
#[schema(as = ForgottenPassword)]
pub struct ForgottenPasswordShape {
    /// The address.
    email: String,
}

/// What somebody signs in with: `code` or `recovery_code`.
#[derive(ToSchema)]
#[schema(as = SignIn)]
pub struct SignInShape {
    /// The address.
    email: String,
    /// The password.
    password: String,
    /// Six digits of the authenticator.
    code: Option<String>,
    /// A recovery code, where the authenticator is lost. What takes a fresh one-time code is not open then.
    recovery_code: Option<String>,
}

/// Another password.
#[derive(ToSchema)]
#[schema(as = PasswordChange)]
pub struct PasswordChangeShape {
    /// The password until now.
    old_password: String,
    /// Six digits of the authenticator.
    code: String,
    /// The new one: 13 to 128 characters of any kind.
    password: String,
}
