//! Which volume of the guideline an institution follows: 保守委託機関編 applies where the security updates of every
//! server are the vendor's duty, and that is written down (guideline 7.0, section 1, 図1 with its notes ※1 and ※2).

/// The servers of a system in the sense of ※1: what keeps medical information or does the main work on it. `None` where
/// nobody has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Servers {
    /// One on the premises.
    pub on_premises: Option<bool>,
    /// A terminal on which an application is installed and all of the work is done. Other terminals are no servers.
    pub terminal: Option<bool>,
    /// One elsewhere: a cloud, a data centre.
    pub cloud: Option<bool>,
}

impl Servers {
    /// Whether it is said of each kind that there is none.
    fn are_none(self) -> bool {
        let kinds = [self.on_premises, self.terminal, self.cloud];
        kinds.into_iter().all(|there| there == Some(false))
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// All of them, by name.
            pub const NAMES: &'static [&'static str] = &[$($word),+];

            /// Its name in documents.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The one of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Who is responsible for the security updates of a system's servers.
    UpdatesBy {
        /// The vendor.
        Vendor = "vendor",
        /// The institution itself.
        Institution = "institution",
        /// Nobody knows.
        Unclear = "unclear"
    }
}

words! {
    /// Where that responsibility is written.
    WrittenIn {
        /// In the contract (契約書).
        Contract = "contract",
        /// In the terms of the service (約款).
        Terms = "terms",
        /// In a service level agreement (サービスレベル合意書).
        Sla = "sla",
        /// Nowhere.
        Nowhere = "nowhere"
    }
}

/// Whose the security updates of one system are, as the flowchart counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// It has no server.
    NoServer,
    /// The vendor's, and that is written down.
    Vendor,
    /// The institution's.
    Institution,
    /// It cannot be said yet.
    Unclear(Doubt),
}

/// Why it cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The vendor is said to be responsible, but it is not written down, or not said where. ※2: it may then be the
    /// institution's duty.
    NotWritten,
    /// Nobody knows, or has said.
    Unstated,
}

/// Whose the security updates of a system are. Only what is written makes them the vendor's (※2).
pub fn duty_of(
    servers: Servers,
    updates_by: Option<UpdatesBy>,
    written_in: Option<WrittenIn>,
) -> Duty {
    if servers.are_none() {
        return Duty::NoServer;
    }
    match (updates_by, written_in) {
        (Some(UpdatesBy::Institution), _) => Duty::Institution,
        (
            Some(UpdatesBy::Vendor),
            Some(WrittenIn::Contract | WrittenIn::Terms | WrittenIn::Sla),
        ) => Duty::Vendor,
        (Some(UpdatesBy::Vendor), Some(WrittenIn::Nowhere) | None) => {
            Duty::Unclear(Doubt::NotWritten)
        }
        (Some(UpdatesBy::Unclear) | None, _) => Duty::Unclear(Doubt::Unstated),
    }
}

/// Which volume applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// 保守委託機関編.
    MaintenanceOutsourcing,
    /// システム運用編, with all other volumes.
    SystemOperation,
    /// It cannot be said yet.
    Undetermined,
}

impl Scope {
    /// Of the duties for all systems of an institution. One system of its own decides, whatever is unclear beside it;
    /// a list without any server says nothing.
    pub fn of(duties: impl IntoIterator<Item = Duty>) -> Self {
        let mut scope = Self::Undetermined;
        let mut unclear = false;
        for duty in duties {
            match duty {
                Duty::NoServer => {}
                Duty::Vendor => scope = Self::MaintenanceOutsourcing,
                Duty::Institution => return Self::SystemOperation,
                Duty::Unclear(_) => unclear = true,
            }
        }
        if unclear { Self::Undetermined } else { scope }
    }

    /// Its name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaintenanceOutsourcing => "maintenance_outsourcing",
            Self::SystemOperation => "system_operation",
            Self::Undetermined => "undetermined",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::MaintenanceOutsourcing => "保守委託機関編の対象",
            Self::SystemOperation => "システム運用編の対象",
            Self::Undetermined => "まだ判断できない",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENDOR: Option<UpdatesBy> = Some(UpdatesBy::Vendor);

    fn duty(updates_by: Option<UpdatesBy>, written_in: Option<WrittenIn>) -> Duty {
        duty_of(Servers::default(), updates_by, written_in)
    }

    #[test]
    fn only_what_is_written_makes_it_the_vendors_duty() {
        for written in [WrittenIn::Contract, WrittenIn::Terms, WrittenIn::Sla] {
            assert_eq!(duty(VENDOR, Some(written)), Duty::Vendor);
        }
        for unwritten in [None, Some(WrittenIn::Nowhere)] {
            assert_eq!(duty(VENDOR, unwritten), Duty::Unclear(Doubt::NotWritten));
        }
    }

    #[test]
    fn the_institutions_own_duty_needs_no_writing() {
        for written in [None, Some(WrittenIn::Nowhere), Some(WrittenIn::Contract)] {
            assert_eq!(
                duty(Some(UpdatesBy::Institution), written),
                Duty::Institution
            );
        }
    }

    #[test]
    fn what_nobody_knows_is_unclear_wherever_something_is_written() {
        for by in [None, Some(UpdatesBy::Unclear)] {
            for written in [None, Some(WrittenIn::Contract)] {
                assert_eq!(duty(by, written), Duty::Unclear(Doubt::Unstated));
            }
        }
    }

    #[test]
    fn a_system_has_no_server_only_where_each_kind_is_denied() {
        let none = Servers {
            on_premises: Some(false),
            terminal: Some(false),
            cloud: Some(false),
        };
        assert_eq!(
            duty_of(none, Some(UpdatesBy::Institution), None),
            Duty::NoServer
        );
        let terminal_counts = Servers {
            terminal: Some(true),
            ..none
        };
        assert_eq!(
            duty_of(terminal_counts, Some(UpdatesBy::Institution), None),
            Duty::Institution
        );
        let terminal_unknown = Servers {
            terminal: None,
            ..none
        };
        assert_eq!(
            duty_of(terminal_unknown, None, None),
            Duty::Unclear(Doubt::Unstated)
        );
    }

    #[test]
    fn every_server_must_be_the_vendors_duty() {
        let unclear = Duty::Unclear(Doubt::Unstated);
        let cases: [(&[Duty], Scope); 8] = [
            (&[], Scope::Undetermined),
            (&[Duty::NoServer], Scope::Undetermined),
            (&[Duty::Vendor], Scope::MaintenanceOutsourcing),
            (
                &[Duty::Vendor, Duty::NoServer, Duty::Vendor],
                Scope::MaintenanceOutsourcing,
            ),
            (&[Duty::Vendor, unclear], Scope::Undetermined),
            (&[unclear, Duty::Vendor], Scope::Undetermined),
            (&[Duty::Vendor, Duty::Institution], Scope::SystemOperation),
            (
                &[unclear, Duty::Institution, Duty::Vendor],
                Scope::SystemOperation,
            ),
        ];
        for (duties, scope) in cases {
            assert_eq!(Scope::of(duties.iter().copied()), scope, "{duties:?}");
        }
    }
}
