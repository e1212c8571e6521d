//! The contracts' enumerations by name. Numbers that this version does not know stay visible as `Unknown`.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! enumeration {
    ($(#[$documentation:meta])* $name:ident { $($(#[$variant_documentation:meta])* $variant:ident = $number:literal,)* }) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_documentation])* $variant,)*
            /// A number that this version has no name for.
            Unknown(u8),
        }

        impl From<u8> for $name {
            fn from(number: u8) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str(stringify!($variant)),)*
                    Self::Unknown(number) => write!(f, "Unknown({number})"),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownName;

            /// Any case.
            fn from_str(name: &str) -> Result<Self, UnknownName> {
                $(if name.eq_ignore_ascii_case(stringify!($variant)) {
                    return Ok(Self::$variant);
                })*
                Err(UnknownName { name: name.into(), known: &[$(stringify!($variant)),*] })
            }
        }
    };
}

/// A name that is none of an enumeration's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// The name given.
    pub name: String,
    /// The names there are.
    pub known: &'static [&'static str],
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of {}", self.name, self.known.join(", "))
    }
}

enumeration! {
    /// Where a job stands.
    JobPhase {
        /// Never requested.
        None = 0,
        /// Paid for; the committee is not drawn yet.
        Requested = 1,
        /// The committee is drawn and may commit.
        Committing = 2,
        /// Commitments are closed; their owners may reveal.
        Revealing = 3,
        /// The answers agreed. Final.
        Resolved = 4,
        /// The job failed or was cancelled. Final.
        Refunded = 5,
    }
}

enumeration! {
    /// Why a job was refunded.
    RefundReason {
        /// The requester cancelled before the draw.
        Cancelled = 0,
        /// Nobody drew the committee while the beacon's block hash could be had.
        BeaconExpired = 1,
        /// Too few eligible executors.
        NoCommittee = 2,
        /// Too few commitments, also after a re-draw.
        TooFewCommitments = 3,
        /// Too few commitments were opened.
        TooFewReveals = 4,
        /// No cluster reached the quorum.
        NoAgreement = 5,
    }
}

enumeration! {
    /// How a seat ended.
    SeatOutcome {
        /// In the winning cluster.
        Success = 0,
        /// Drawn, but did not commit.
        Miss = 1,
        /// Revealed an answer outside the cluster.
        Outlier = 2,
        /// Committed, but did not reveal.
        Silent = 3,
        /// Nothing to reward or blame.
        Neutral = 4,
    }
}

enumeration! {
    /// What costs stake.
    Offence {
        /// A commitment that was not opened in time.
        NoReveal = 0,
        /// Two final receipts of one job with different results.
        Equivocation = 1,
        /// A VIF proof that does not hold.
        InvalidVif = 2,
        /// An opening that is not what was committed to.
        InvalidOpening = 3,
        /// A court found the answer wrong.
        Conviction = 4,
    }
}

enumeration! {
    /// Where a court's case stands.
    Verdict {
        /// There is no such case.
        None = 0,
        /// The court's job is open, or nobody has brought its answer yet.
        Pending = 1,
        /// The accused answer disagrees with the court's.
        Convicted = 2,
        /// It agrees.
        Acquitted = 3,
        /// The court had no answer; the seat can be challenged again.
        Lapsed = 4,
    }
}

enumeration! {
    /// Whether a model version takes new jobs.
    VersionStatus {
        /// Never added.
        None = 0,
        /// Takes new jobs.
        Active = 1,
        /// Takes no new jobs.
        Deprecated = 2,
        /// Withdrawn by its publisher.
        Revoked = 3,
    }
}

enumeration! {
    /// How results of a task are compared, beside their vectors.
    ResultRule {
        /// No rule: the version or class is unknown.
        None = 0,
        /// Byte for byte.
        ExactBytes = 1,
        /// Same winner, scores within a tolerance.
        Scores = 2,
        /// The vector is the result.
        Vector = 3,
    }
}
