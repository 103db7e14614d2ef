//! The actions' only queries.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select, TryInsertResult,
};

use super::entity::{action, review};
use super::proposed::month_of;
use super::{ActionId, Progress};
use crate::agencies::entity::agency;
use crate::calendar::london;
use crate::platform::Tx;
use crate::reports::Period;

/// An action as it stands.
#[derive(Clone, Debug)]
pub struct Standing {
    pub action: action::Model,
    /// The agency that it is about; `None` for the whole partnership.
    pub agency: Option<agency::Model>,
    /// Its reviews, the newest first.
    pub reviews: Vec<review::Model>,
}

impl Standing {
    /// As it is raised: nothing was said of it yet.
    pub fn of(action: action::Model) -> Self {
        Self { action, agency: None, reviews: Vec::new() }
    }

    /// How it goes; `None` until it is reviewed first.
    pub fn progress(&self) -> Option<Progress> {
        self.reviews.first().map(|review| review.progress)
    }

    /// Its timescale by now.
    pub fn due(&self) -> NaiveDate {
        self.reviews.first().map_or(self.action.due, |review| review.due)
    }

    /// The day on which nothing more was asked of it.
    pub fn ended(&self) -> Option<NaiveDate> {
        let newest = self.reviews.first().filter(|review| review.progress.is_end());
        newest.map(|review| london::date(review.at))
    }

    /// Whether the paper of some months has it: raised by the month in which that is made, and not ended before they began.
    pub fn is_in_paper(&self, period: Period) -> bool {
        let is_raised = month_of(self.action.raised_at) <= period.last().next();
        is_raised && self.ended().is_none_or(|day| day >= period.first().first())
    }

    /// Not ended, and its day is over.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.ended().is_none() && self.due() < today
    }
}

async fn standing(
    db: &impl ConnectionTrait,
    actions: Select<action::Entity>,
) -> Result<Vec<Standing>, DbErr> {
    let rows =
        actions.order_by_asc(action::Column::RaisedAt).order_by_asc(action::Column::Id).all(db).await?;
    let agencies = agency::Entity::find();
    let about = rows.iter().filter_map(|row| row.agency_id);
    let agencies = agencies.filter(agency::Column::Id.is_in(about)).all(db).await?;
    let agencies: HashMap<_, _> = agencies.into_iter().map(|agency| (agency.id, agency)).collect();
    let of = review::Entity::find().filter(review::Column::ActionId.is_in(rows.iter().map(|row| row.id)));
    let newest_first = of.order_by_desc(review::Column::At).order_by_desc(review::Column::Id);
    let mut reviews: HashMap<ActionId, Vec<review::Model>> = HashMap::new();
    for row in newest_first.all(db).await? {
        reviews.entry(row.action_id).or_default().push(row);
    }
    let standing = |action: action::Model| Standing {
        agency: action.agency_id.and_then(|id| agencies.get(&id).cloned()),
        reviews: reviews.remove(&action.id).unwrap_or_default(),
        action,
    };
    Ok(rows.into_iter().map(standing).collect())
}

/// Every action, oldest first. A partnership has some dozens.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Standing>, DbErr> {
    standing(db, action::Entity::find()).await
}

/// One action.
pub async fn one(db: &impl ConnectionTrait, id: ActionId) -> Result<Option<Standing>, DbErr> {
    Ok(standing(db, action::Entity::find_by_id(id)).await?.pop())
}

/// An action, taken for this transaction: two reviews come one after the other.
pub async fn take(tx: &Tx, id: ActionId) -> Result<Option<Standing>, DbErr> {
    match action::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await? {
        Some(row) => one(tx.conn(), row.id).await,
        None => Ok(None),
    }
}

/// Adds an action.
pub async fn add(tx: &Tx, row: action::Model) -> Result<(), DbErr> {
    action::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Adds a review; `false` where it is there already.
pub async fn add_review(tx: &Tx, row: review::Model) -> Result<bool, DbErr> {
    let made = review::Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([review::Column::Id])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(matches!(made, TryInsertResult::Inserted(1..)))
}
