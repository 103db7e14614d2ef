//! The invitations' only queries.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use super::InvitationId;
use super::entity::invitation;

/// One invitation.
pub async fn by_id(db: &impl ConnectionTrait, id: InvitationId) -> Result<Option<invitation::Model>, DbErr> {
    invitation::Entity::find_by_id(id).one(db).await
}
