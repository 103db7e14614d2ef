//! Which request the work at hand is done for.

use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Uuid;
}

/// Does something for a request: what is written to the audit trail meanwhile says so.
pub async fn for_request<T>(id: Uuid, work: impl Future<Output = T>) -> T {
    REQUEST.scope(id, work).await
}

/// The request at hand; none where the schedule or a command is at work.
pub fn request() -> Option<Uuid> {
    REQUEST.try_with(|id| *id).ok()
}
