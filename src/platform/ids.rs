//! Typed ids: a conference's id cannot be handed over where an invitation's is wanted.

/// Declares a UUID newtype that sea-orm takes as a key. New ids are version 7, so rows made together
/// lie together.
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(sea_orm::DeriveValueType, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);
        #[allow(dead_code, reason = "some ids are only ever read back")]
        impl $name {
            /// A new id.
            pub fn new() -> Self { Self(uuid::Uuid::now_v7()) }
        }
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(given: &str) -> Result<Self, Self::Err> { given.parse().map(Self) }
        }
    };
}
pub(crate) use typed_id;
