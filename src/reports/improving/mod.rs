//! Improvement actions (DOMAIN 8): the strategy's own proforma, tied to an agency and a measure. An action is never rewritten;
//! what becomes of it is said by its reviews, so that a frozen paper can name it and means the same next year.

mod chasing;
mod difference;
mod effect;
pub(crate) mod entity;
mod lines;
mod measured;
mod naming;
mod proposed;
mod raising;
mod store;

pub use chasing::{chase, samples};
pub use effect::Effect;
pub use lines::{ActionLine, Written, action_lines, line_of, reach, written};
pub use measured::{goal, of_agency, of_partnership};
pub use naming::naming;
pub use proposed::Proposed;
pub use raising::{Review, Reviewed, raise, review};
pub use store::{Standing, all, one};

use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

typed_id! {
    /// An improvement action.
    ActionId
}

typed_id! {
    /// One review of one action.
    ReviewId
}

codes! {
    /// How an action goes, as whoever leads it says.
    pub enum Progress {
        OnTrack = "green", "green: on track";
        AtRisk = "amber", "amber: at risk";
        OffTrack = "red", "red: off track";
        Done = "done", "done";
        Withdrawn = "withdrawn", "withdrawn";
    }
}

impl Progress {
    /// Nothing more is asked of it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Withdrawn)
    }
}

/// The purposes under which what is written of an action is sealed.
pub mod sealed {
    /// The sentence of a paper that gave reason for it.
    pub const BECAUSE: &str = "improvement_action.because";
    /// What it is to bring about.
    pub const OBJECTIVE: &str = "improvement_action.objective";
    /// What is done.
    pub const ACTION: &str = "improvement_action.action";
    /// What goes into it.
    pub const INPUT: &str = "improvement_action.input";
    /// How it is known that it worked.
    pub const DESIRED_OUTCOME: &str = "improvement_action.desired_outcome";
    /// Who leads it.
    pub const LEAD: &str = "improvement_action.lead";
    /// What a review says.
    pub const WORDS: &str = "improvement_review.words";
}
