//! Erasing what identifies anybody in registers that have had their time, so that the figures stay.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
};

use super::store::messages_about;
use crate::conferences::entity::{child, conference, named};
use crate::conferences::{self, CHILD, ConferenceId, ERASED_REFERENCE};
use crate::convening::entity::invitation_message;
use crate::feedback::entity::{feedback, feedback_link, ladder_step};
use crate::invitations::entity::invitation;
use crate::platform::{Keys, Tx};
use crate::register::entity::{amendment, register};
use crate::register::sealed::AMENDMENT;
use crate::replies::entity::reply;

/// What stands where something was.
const ERASED: &str = "erased";

/// What a run of erasing shares.
pub struct Eraser {
    secret: String,
    now: DateTime<Utc>,
}

impl Eraser {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { secret: crate::platform::token(32), now }
    }

    /// Erases what identifies anybody in these conferences.
    pub async fn erase(&self, tx: &Tx, keys: &Keys, rows: Vec<conference::Model>) -> Result<(), DbErr> {
        let ids: Vec<ConferenceId> = rows.iter().map(|c| c.id).collect();
        for row in rows {
            let key = keys.find(ERASED_REFERENCE, &row.conference_ref);
            let id = row.id;
            let mut row = row.into_active_model();
            row.conference_ref = Set(format!("{ERASED} {id}"));
            // The one in letters that agencies keep leads nowhere any more.
            row.reference = Set(conferences::new_reference());
            (row.place, row.link, row.from_file) = (Set(None), Set(None), Set(None));
            (row.erased_at, row.erased_key) = (Set(Some(self.now)), Set(Some(key)));
            row.update(tx.conn()).await?;
        }
        let of = || ids.iter().copied();
        let children = child::Entity::find().filter(child::Column::ConferenceId.is_in(of())).all(tx.conn());
        for row in children.await? {
            let mut row = row.into_active_model();
            row.child = Set(keys.seal(CHILD, ERASED));
            (row.plan_end_reason, row.decision_from_file) = (Set(None), Set(None));
            row.update(tx.conn()).await?;
        }
        let nothing = || Expr::value(None::<String>);
        invitation::Entity::update_many()
            .col_expr(invitation::Column::ContactEmail, nothing())
            .col_expr(invitation::Column::Deputy, Expr::value(None::<Vec<u8>>))
            .col_expr(invitation::Column::AnnouncedDeputy, Expr::value(None::<Vec<u8>>))
            .col_expr(invitation::Column::ImpactNote, Expr::value(None::<Vec<u8>>))
            .col_expr(invitation::Column::RecordedBy, nothing())
            .col_expr(invitation::Column::FromFile, nothing())
            .filter(invitation::Column::ConferenceId.is_in(of()))
            .exec(tx.conn())
            .await?;
        amendment::Entity::update_many()
            .col_expr(amendment::Column::Before, Expr::value(None::<Vec<u8>>))
            .col_expr(amendment::Column::After, Expr::value(None::<Vec<u8>>))
            .col_expr(amendment::Column::Why, Expr::value(keys.seal(AMENDMENT, ERASED).0))
            .col_expr(amendment::Column::ByName, Expr::value(ERASED))
            .filter(amendment::Column::ConferenceId.is_in(of()))
            .exec(tx.conn())
            .await?;
        register::Entity::update_many()
            .col_expr(register::Column::ConfirmedBy, Expr::value(ERASED))
            .filter(register::Column::ConferenceId.is_in(of()))
            .exec(tx.conn())
            .await?;
        let invitations = Query::select()
            .column(invitation::Column::Id)
            .from(invitation::Entity)
            .and_where(invitation::Column::ConferenceId.is_in(of()))
            .to_owned();
        let items = Query::select()
            .column(feedback::Column::Id)
            .from(feedback::Entity)
            .and_where(feedback::Column::InvitationId.in_subquery(invitations.clone()))
            .to_owned();
        feedback::Entity::update_many()
            .col_expr(feedback::Column::Basis, Expr::value("{}"))
            .col_expr(feedback::Column::ReleasedBy, nothing())
            .filter(feedback::Column::InvitationId.in_subquery(invitations.clone()))
            .exec(tx.conn())
            .await?;
        invitation_message::Entity::update_many()
            .col_expr(invitation_message::Column::LinkHash, Expr::value(None::<Vec<u8>>))
            .col_expr(invitation_message::Column::Address, Expr::value(None::<String>))
            .filter(invitation_message::Column::InvitationId.in_subquery(invitations.clone()))
            .exec(tx.conn())
            .await?;
        feedback_link::Entity::update_many()
            .col_expr(feedback_link::Column::Address, Expr::value(None::<String>))
            .filter(feedback_link::Column::FeedbackId.in_subquery(items))
            .exec(tx.conn())
            .await?;
        let no_text = || Expr::value(None::<Vec<u8>>);
        reply::Entity::update_many()
            .col_expr(reply::Column::Who, no_text())
            .col_expr(reply::Column::Words, no_text())
            .col_expr(reply::Column::Prevention, no_text())
            .col_expr(reply::Column::Nominee, no_text())
            .col_expr(reply::Column::Answer, no_text())
            .col_expr(reply::Column::Address, nothing())
            .filter(reply::Column::InvitationId.in_subquery(invitations.clone()))
            .exec(tx.conn())
            .await?;
        ladder_step::Entity::update_many()
            .col_expr(ladder_step::Column::DecidedBy, Expr::value(ERASED))
            .filter(ladder_step::Column::InvitationId.in_subquery(invitations.clone()))
            .filter(ladder_step::Column::DecidedBy.is_not_null())
            .exec(tx.conn())
            .await?;
        crate::outbox::erase_about(tx, messages_about(invitations)).await?;
        named::Entity::delete_many().filter(named::Column::ConferenceId.is_in(of())).exec(tx.conn()).await?;
        Ok(())
    }
}

impl Eraser {
    /// Puts another hash in the place of each child's of whom no conference is left that was not erased. Until then
    /// the hash stays, for the figures of the younger conferences ask what came before. All rows of a child change
    /// together, so that what was counted as one child still is, and nobody finds the child by it.
    pub async fn forget_children(&self, tx: &Tx, keys: &Keys) -> Result<(), DbErr> {
        let still_known = Query::select()
            .column((child::Entity, child::Column::ChildKey))
            .from(child::Entity)
            .inner_join(
                conference::Entity,
                Expr::col((conference::Entity, conference::Column::Id))
                    .equals((child::Entity, child::Column::ConferenceId)),
            )
            .and_where(Expr::col((conference::Entity, conference::Column::ErasedAt)).is_null())
            .to_owned();
        let gone: Vec<Vec<u8>> = child::Entity::find()
            .select_only()
            .column(child::Column::ChildKey)
            .filter(child::Column::ChildKey.not_in_subquery(still_known))
            .distinct()
            .into_tuple()
            .all(tx.conn())
            .await?;
        // One byte longer than a hash by which a child is found: done before.
        for key in gone.into_iter().filter(|key| key.len() == 32) {
            let other = keys.find(ERASED, [self.secret.as_bytes(), &key].concat());
            child::Entity::update_many()
                .col_expr(child::Column::ChildKey, Expr::value([&[0][..], &other].concat()))
                .filter(child::Column::ChildKey.eq(key))
                .exec(tx.conn())
                .await?;
        }
        Ok(())
    }
}
