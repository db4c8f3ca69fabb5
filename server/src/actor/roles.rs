//! Roles: what a person may do in an organisation, and the scopes that follow from them.

use std::fmt;
use std::str::FromStr;

use super::{OrganisationKind, Scope, Scopes, UnknownWord};

/// What a person is trusted with. One person may have several roles; each lets its holder read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// 閲覧: reads and exports.
    Viewer,
    /// 編集: keeps what is the organisation's own.
    Editor,
    /// 承認: decides what leaves the organisation.
    Approver,
    /// 鍵管理: registers, retires and revokes keys.
    KeyManager,
    /// 管理: invites people and says what they may do; reads the audit trail.
    Administrator,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 5] = [
        Self::Viewer,
        Self::Editor,
        Self::Approver,
        Self::KeyManager,
        Self::Administrator,
    ];

    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Approver => "approver",
            Self::KeyManager => "key_manager",
            Self::Administrator => "administrator",
        }
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Viewer => "閲覧",
            Self::Editor => "編集",
            Self::Approver => "承認",
            Self::KeyManager => "鍵管理",
            Self::Administrator => "管理",
        }
    }

    /// Whether somebody of such an organisation may have it.
    pub fn fits(self, kind: OrganisationKind) -> bool {
        match self {
            Self::Viewer | Self::Administrator => true,
            Self::Editor | Self::Approver => kind != OrganisationKind::Operator,
            Self::KeyManager => kind == OrganisationKind::Vendor,
        }
    }

    /// The scopes of a session of someone with this role, as far as they fit the organisation. What takes a duty
    /// (keys, users, releases) is asked for by the role itself.
    fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Viewer | Self::Approver | Self::KeyManager => {
                &[Scope::StatementsRead, Scope::ExportsRead]
            }
            Self::Editor => &[
                Scope::StatementsRead,
                Scope::ExportsRead,
                Scope::StatementsWrite,
                Scope::RequestsWrite,
                Scope::ReviewsWrite,
            ],
            Self::Administrator => &[Scope::StatementsRead, Scope::ExportsRead, Scope::Admin],
        }
    }
}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                expected: "viewer, editor, approver, key_manager, administrator",
            })
    }
}

/// A set of roles; written as words with spaces between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    /// Whether the role is in the set.
    pub fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles, in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .into_iter()
            .filter(move |role| self.contains(*role))
    }

    /// What someone with these roles may do in such an organisation.
    pub fn scopes(self, kind: OrganisationKind) -> Scopes {
        self.iter()
            .flat_map(Role::scopes)
            .copied()
            .filter(|scope| scope.fits(kind))
            .collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::default(), |roles, role| {
            Self(roles.0 | 1 << role as u8)
        })
    }
}

impl FromStr for Roles {
    type Err = UnknownWord;

    fn from_str(words: &str) -> Result<Self, UnknownWord> {
        words.split_ascii_whitespace().map(str::parse).collect()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Role::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_reads_and_only_an_editor_writes() {
        for role in Role::ALL {
            let scopes = Roles::from_iter([role]).scopes(OrganisationKind::Institution);
            assert!(scopes.contains(Scope::StatementsRead), "{role:?}");
            assert_eq!(
                scopes.contains(Scope::RequestsWrite),
                role == Role::Editor,
                "{role:?}"
            );
            assert!(!scopes.contains(Scope::StatementsWrite), "{role:?}");
            assert_eq!(
                scopes.contains(Scope::Admin),
                role == Role::Administrator,
                "{role:?}"
            );
        }
    }

    #[test]
    fn roles_are_written_as_words_and_read_again() {
        let roles: Roles = "administrator viewer".parse().unwrap();
        assert_eq!(roles.to_string(), "viewer administrator");
        assert!("viewer root".parse::<Roles>().is_err());
    }
}
