//! The invitations' only queries.

use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, OnConflict, Query, SelectStatement, TableRef, Value, ValueTuple,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, Iterable,
    ModelTrait, QueryFilter, QueryResult, QuerySelect, QueryTrait,
};

use super::InvitationId;
use super::entity::invitation;
use crate::agencies::entity::{agency, service};
use crate::agencies::store::Directory;
use crate::conferences::Sight;
use crate::conferences::entity::conference;
use crate::platform::{Tx, Write};

/// Rows in one statement: SQLite allows 32,766 values, and a row has some two dozen.
const BATCH: usize = 500;

/// An invitation without what no rule looks at: who recorded it, who a deputy was, the chair's words, what the last file
/// said. Read by the places of its columns: of a month's rows, looking each up by its name costs as much as the reading.
struct Brief(invitation::Model);

impl Brief {
    const COLUMNS: [invitation::Column; 25] = {
        use invitation::Column::*;
        [
            Id,
            ConferenceId,
            ServiceId,
            Role,
            Necessity,
            WalkIn,
            ContactEmail,
            InvitedOn,
            Delivery,
            Response,
            RespondedOn,
            Attendance,
            ByDeputy,
            JoinedAt,
            LeftAt,
            Report,
            ReportReceivedOn,
            ReportPromised,
            AbsenceReason,
            Excused,
            View,
            ChildViews,
            ChairImpact,
            ImpactNoteShown,
            AttendanceOnly,
        ]
    };
}

impl FromQueryResult for Brief {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Ok(Self(invitation::Model {
            id: row.try_get_by_index(0)?,
            conference_id: row.try_get_by_index(1)?,
            service_id: row.try_get_by_index(2)?,
            role: row.try_get_by_index(3)?,
            necessity: row.try_get_by_index(4)?,
            walk_in: row.try_get_by_index(5)?,
            contact_email: row.try_get_by_index(6)?,
            invited_on: row.try_get_by_index(7)?,
            delivery: row.try_get_by_index(8)?,
            response: row.try_get_by_index(9)?,
            responded_on: row.try_get_by_index(10)?,
            attendance: row.try_get_by_index(11)?,
            by_deputy: row.try_get_by_index(12)?,
            deputy: None,
            joined_at: row.try_get_by_index(13)?,
            left_at: row.try_get_by_index(14)?,
            report: row.try_get_by_index(15)?,
            report_received_on: row.try_get_by_index(16)?,
            report_promised: row.try_get_by_index(17)?,
            announced_deputy: None,
            absence_reason: row.try_get_by_index(18)?,
            excused: row.try_get_by_index(19)?,
            view: row.try_get_by_index(20)?,
            child_views: row.try_get_by_index(21)?,
            chair_impact: row.try_get_by_index(22)?,
            impact_note: None,
            impact_note_shown: row.try_get_by_index(23)?,
            attendance_only: row.try_get_by_index(24)?,
            recorded_by: None,
            recorded_at: None,
            from_file: None,
        }))
    }
}

/// Invitations that meet a condition, without what no rule looks at; in no order.
pub async fn in_brief(db: &impl ConnectionTrait, which: Condition) -> Result<Vec<invitation::Model>, DbErr> {
    let query = invitation::Entity::find().select_only().columns(Brief::COLUMNS).filter(which);
    Ok(query.into_model::<Brief>().all(db).await?.into_iter().map(|brief| brief.0).collect())
}

/// Invitations that meet a condition, in no order; their services are taken into the directory. One way to the database and
/// back, where whoever saves a register holds the conference.
pub async fn with_services(
    db: &impl ConnectionTrait,
    which: Condition,
    directory: &mut Directory,
) -> Result<Vec<invitation::Model>, DbErr> {
    let found = invitation::Entity::find().filter(which).find_also_related(service::Entity);
    let mut invitations = Vec::new();
    for (invitation, service, agency) in found.and_also_related(agency::Entity).all(db).await? {
        if let Some((service, agency)) = service.zip(agency) {
            directory.add(service, agency);
        }
        invitations.push(invitation);
    }
    Ok(invitations)
}

/// One invitation.
pub async fn by_id(db: &impl ConnectionTrait, id: InvitationId) -> Result<Option<invitation::Model>, DbErr> {
    invitation::Entity::find_by_id(id).one(db).await
}

/// These invitations, in no order.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = InvitationId>,
) -> Result<Vec<invitation::Model>, DbErr> {
    invitation::Entity::find().filter(invitation::Column::Id.is_in(ids)).all(db).await
}

/// The invitations to conferences that somebody may not see, as their ids, for a query.
pub fn hidden_from(sight: Sight) -> SelectStatement {
    let seen = Query::select()
        .column(conference::Column::Id)
        .from(conference::Entity)
        .cond_where(sight.condition())
        .to_owned();
    Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ConferenceId.not_in_subquery(seen))
        .to_owned()
}

/// One invitation, taken for this transaction.
pub async fn take(tx: &Tx, id: InvitationId) -> Result<Option<invitation::Model>, DbErr> {
    invitation::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await
}

/// Writes these rows as they are now.
pub async fn save_all(tx: &Tx, rows: Vec<invitation::Model>) -> Result<(), DbErr> {
    for rows in rows.chunks(BATCH) {
        tx.together(saving(rows).into_iter().collect()).await?;
    }
    Ok(())
}

/// What writes these rows of one conference as they are now, new ones too, all in one statement: a register has some ten, and
/// each statement is a way to the database and back.
pub fn saving(rows: &[invitation::Model]) -> Option<Write> {
    if rows.is_empty() {
        return None;
    }
    let changed = invitation::Column::iter().filter(|c| !matches!(c, invitation::Column::Id));
    let onto = OnConflict::column(invitation::Column::Id).update_columns(changed).to_owned();
    let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
    Some(Write::Insert(invitation::Entity::insert_many(rows).on_conflict(onto).into_query()))
}

/// A row as it was, and as it is now.
pub type Changed = (invitation::Model, invitation::Model);

/// The same for rows that are there, in the columns that any of them changed in: a register that is saved changes three or
/// four of thirty.
pub fn changing(rows: &[Changed]) -> Option<Write> {
    const ROWS: &str = "changed";
    let differs = |column: &invitation::Column| {
        rows.iter().any(|(before, after)| before.get(*column) != after.get(*column))
    };
    let columns: Vec<invitation::Column> = invitation::Column::iter().filter(differs).collect();
    if columns.is_empty() {
        return None;
    }
    let values = rows.iter().map(|(_, after)| {
        let values: Vec<Value> =
            [invitation::Column::Id].iter().chain(&columns).map(|column| after.get(*column)).collect();
        ValueTuple::Many(values)
    });
    // Both databases call the columns of such a list so, from 1.
    let of = |place: usize| Expr::col((Alias::new(ROWS), Alias::new(format!("column{place}"))));
    let update = Query::update()
        .table(invitation::Entity)
        .values(columns.iter().zip(2..).map(|(column, place)| (*column, of(place))))
        .from(TableRef::ValuesList(values.collect(), Alias::new(ROWS).into()))
        .and_where(Expr::col((invitation::Entity, invitation::Column::Id)).eq(of(1)))
        .to_owned();
    Some(Write::Update(update))
}
