//! The fixed words of `scenario.toml`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sim::rules::{LimitFill, PathPolicy};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$var_doc:meta])* $variant:ident = $word:literal),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$var_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in files and answers.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|it| it.name().eq_ignore_ascii_case(text));
                found.copied().ok_or_else(|| {
                    let words: Vec<&str> = Self::ALL.iter().map(|it| it.name()).collect();
                    format!("must be one of {}", words.join(", "))
                })
            }
        }
    };
}

words!(
    /// The usual distance of two bars of an instrument.
    Resolution {
        /// One minute.
        Min1 = "1Min",
        /// Five minutes.
        Min5 = "5Min",
        /// Half an hour.
        Min30 = "30Min",
        /// One hour.
        Hour1 = "1Hour",
        /// Four hours.
        Hour4 = "4Hour",
        /// One session.
        Day1 = "1Day"
    }
);

words!(
    /// What an instrument is.
    AssetType {
        /// A company's share.
        Stock = "stock",
        /// A fund traded like a share.
        Etf = "etf",
        /// A crypto currency against money.
        Crypto = "crypto",
        /// Money against money.
        Forex = "forex",
        /// A good.
        Commodity = "commodity"
    }
);

words!(
    /// What allows the bars to be passed on.
    Rights {
        /// Its author gave it to everybody.
        PublicDomain = "public-domain",
        /// An office publishes it for reuse.
        OfficialReuse = "official-reuse",
        /// The package that ships it has a free licence; its vendor shows no grant.
        PackageLicenceOnly = "package-licence-only"
    }
);

impl Resolution {
    /// The distance in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Min1 => 60,
            Self::Min5 => 300,
            Self::Min30 => 1_800,
            Self::Hour1 => 3_600,
            Self::Hour4 => 14_400,
            Self::Day1 => 86_400,
        }
    }
}

impl Rights {
    /// Whether the origin itself documents a grant.
    pub const fn is_clear(self) -> bool {
        !matches!(self, Self::PackageLicenceOnly)
    }
}

macro_rules! named_in_files {
    ($(#[$doc:meta])* $module:ident, $type:ident) => {
        $(#[$doc])*
        pub(super) mod $module {
            use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

            use super::$type;

            pub(in super::super) fn serialize<S: Serializer>(
                value: &$type,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(value.name())
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                $type::from_name(&text).ok_or_else(|| {
                    let expected = $type::NAMES.join(", ");
                    D::Error::custom(format!("must be one of {expected}, not {text:?}"))
                })
            }
        }
    };
}

named_in_files!(
    /// [`LimitFill`] as its word.
    limit_fill,
    LimitFill
);
named_in_files!(
    /// [`PathPolicy`] as its word.
    path_policy,
    PathPolicy
);
