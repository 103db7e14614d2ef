//! What people do with the post: put a letter back in the queue, hold everything back, let it go again.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use sea_orm::sea_query::UnionType;
use serde_json::{Value, json};

use crate::audit::{self, Actor, Event};
use crate::conferences::Sight;
use crate::convening;
use crate::feedback::{self, steps};
use crate::outbox::{self, MessageId};
use crate::platform::{Db, Keys, Tx};

/// What these operations work with.
#[derive(Clone, Copy)]
pub struct Counter<'a> {
    /// The database.
    pub db: &'a Db,
    /// The keys, for the audit trail.
    pub keys: &'a Keys,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Counter<'_> {
    async fn record(&self, tx: Tx, actor: &Actor, action: &'static str, payload: Value) -> Result<(), DbErr> {
        let event = Event { action, object: "outbox".into(), payload };
        audit::record(&tx, self.keys, actor, self.now, vec![event]).await?;
        tx.commit().await
    }
}

/// Puts letters that were given up back in the queue, one or all, and takes their calls off the list.
/// Says how many. Letters of conferences that whoever does it may not see stay where they are.
pub async fn requeue(
    counter: Counter<'_>,
    actor: &Actor,
    sight: Sight,
    only: Option<MessageId>,
) -> Result<usize, DbErr> {
    let tx = counter.db.begin("requeue").await?;
    let mut hidden = feedback::hidden_from(sight);
    hidden.union(UnionType::All, convening::store::hidden_from(sight));
    hidden.union(UnionType::All, steps::hidden_from(sight));
    let about = outbox::requeue(&tx, only, hidden, counter.now).await?;
    let n = about.len();
    if n == 0 {
        return Ok(0);
    }
    steps::posted_again(&tx, &about).await?;
    feedback::posted_again(&tx, about).await?;
    counter.record(tx, actor, "outbox.requeued", json!({ "messages": n, "only": only })).await?;
    Ok(n)
}

/// Holds all post back.
pub async fn hold_back(counter: Counter<'_>, actor: &Actor, why: &str) -> Result<(), DbErr> {
    let tx = counter.db.begin("hold the post back").await?;
    outbox::hold_back(&tx, counter.now, &actor.name, why).await?;
    counter.record(tx, actor, "outbox.held_back", json!({ "why": why })).await
}

/// Lets it go again. Says whether it was held back.
pub async fn let_go(counter: Counter<'_>, actor: &Actor) -> Result<bool, DbErr> {
    let tx = counter.db.begin("let the post go").await?;
    let was = outbox::let_go(&tx, counter.now).await?;
    if was {
        counter.record(tx, actor, "outbox.let_go", json!({})).await?;
    }
    Ok(was)
}
