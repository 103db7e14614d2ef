//! Remembering what somebody said of a tracker, by the text of each heading and value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::entity::tracker_meaning;
use crate::audit::{self, Actor, Event};
use crate::platform::{Keys, Tx};

/// Name of a thing → what it means: "letter.p" → "in_person".
pub(super) type Meanings = BTreeMap<String, String>;

/// Everything remembered: some dozens of lines.
pub(super) async fn recall(db: &impl ConnectionTrait) -> Result<Meanings, DbErr> {
    let rows = tracker_meaning::Entity::find().all(db).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.means)).collect())
}

/// Whether this is remembered: what headings and codes mean, and of cells no more than a code. A longer one may be a note,
/// and name somebody.
fn is_kept(name: &str, means: &str) -> bool {
    let (kind, rest) = name.split_once('.').unwrap_or((name, ""));
    let most = match (kind, rest) {
        ("letter", _) => 3,
        ("column" | "agency" | "necessity", _) => 60,
        ("all", "chair") => 0,
        _ => 40,
    };
    !means.is_empty() && (kind, means) != ("column", "nothing") && rest.chars().count() <= most
}

/// Remembers these beside, or in the place of, what was remembered.
pub(super) async fn remember(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    meanings: &Meanings,
) -> Result<(), DbErr> {
    let known = recall(tx.conn()).await?;
    let new: Meanings = meanings
        .iter()
        .filter(|(name, means)| is_kept(name, means) && known.get(*name) != Some(means))
        .map(|(n, m)| (n.clone(), m.clone()))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let row = |(name, means): (&String, &String)| tracker_meaning::Model {
        name: name.clone(),
        means: means.clone(),
        by_name: actor.name.clone(),
        at: now,
    };
    use tracker_meaning::Column::{At, ByName, Means, Name};
    tracker_meaning::Entity::insert_many(new.iter().map(row).map(IntoActiveModel::into_active_model))
        .on_conflict(OnConflict::column(Name).update_columns([Means, ByName, At]).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    let payload = json!({ "meanings": new.len() });
    let event = Event { action: "tracker.remembered", object: "tracker".to_owned(), payload };
    audit::record(tx, keys, actor, now, vec![event]).await
}
