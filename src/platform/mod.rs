//! What every room stands on, without a word of the domain: the clock, typed ids, codes,
//! the database with its named transactions, and the keys that seal what identifies people.

mod clock;
pub(crate) mod codes;
mod db;
pub(crate) mod ids;
mod keys;
mod request;

pub use clock::Clock;
pub use codes::{UnknownCode, nearest};
pub use db::{Db, DbError, Tip, Tx, Url, Write};
pub use keys::{Keys, KeysError, Sealed, token};
pub use request::{for_request, request};
