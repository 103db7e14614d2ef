//! Who may do what: accounts, roles, sign-in. A route's permission stands in its signature, as
//! [`May`]; what a role may is one table in `role.rs`.

mod account;
mod attempt;
pub(crate) mod entity;
mod link;
mod may;
mod pages;
mod password;
mod provided;
mod provider;
mod role;
mod second_factor;
mod session;
pub(crate) mod store;

pub use account::{Keeping, NewAccount, first_link};
pub use link::{hashed, token};
pub use may::{
    AmendRegister, AnswerSubject, ApproveReport, Book, ClimbLadder, ConfirmRegister, GrantCover, HoldPost,
    Import, KeepAccounts, KeepActions, KeepDirectory, KeepRegister, KeepRetention, May, PlaceHold, ReadAudit,
    ReadLetter, ReleaseLetter, Requeue, Restrict, RunSchedule, SeeBehindFigures, SeeConferences, SeeFeedback,
    SeeFigures, SeeOversight, SeeOwnAgency, SeePost, SeeSchedule, SettleDispute, SignedIn, WatchRestricted,
};
pub use pages::{keep_entries, routes};
pub use provider::{Provider, ProviderRules};
pub use role::{Permission, Role};
pub use session::forget_ended;
pub use store::end_all_sessions;

use crate::platform::ids::typed_id;

/// What a second factor's secret is sealed for.
pub const SECOND_FACTOR: &str = "account.second_factor";

typed_id! {
    /// An account.
    AccountId
}
