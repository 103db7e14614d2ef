//! Closed lists of codes, as the field writes them, each with the words a person reads.

/// A code that is not on its list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{given}\" is not one of {}", .allowed.join(", "))]
pub struct UnknownCode {
    /// What was written.
    pub given: String,
    /// Every code of the list, in its order.
    pub allowed: Vec<&'static str>,
}

/// The known word nearest to a mistyped one, when it is near enough to be worth suggesting.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(&given, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// Declares a closed list of codes: `Variant = "code", "words for people";`.
///
/// The code is what files, the database and the API hold; the words are what a page or a letter says.
/// Reading a code forgives capitals and outer blanks, nothing else.
macro_rules! codes {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($variant:ident = $code:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, sea_orm::EnumIter, sea_orm::DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        $vis enum $name {
            $(#[doc = $label] #[serde(rename = $code)] #[sea_orm(string_value = $code)] $variant,)+
        }
        #[allow(dead_code, reason = "every list offers the same three ways in, whether or not each is used")]
        impl $name {
            /// The whole list, in its order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The code, as files and the database hold it.
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code,)+ } }
            /// The words a person reads.
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label,)+ } }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::platform::UnknownCode;
            fn from_str(given: &str) -> Result<Self, Self::Err> {
                let wanted = given.trim().to_ascii_lowercase();
                Self::ALL.iter().copied().find(|c| c.code().eq_ignore_ascii_case(&wanted)).ok_or_else(|| {
                    $crate::platform::UnknownCode {
                        given: given.to_owned(),
                        allowed: Self::ALL.iter().map(|c| c.code()).collect(),
                    }
                })
            }
        }
    };
}
pub(crate) use codes;
