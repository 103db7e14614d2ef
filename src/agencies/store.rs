//! The directory's only queries.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect, Set,
};

use super::entity::{account_service, agency, contact, service};
use super::{AgencyId, ContactId, ServiceId};
use crate::access::AccountId;
use crate::platform::Tx;

/// The whole directory without its contacts: a partnership has a few hundred services.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Agencies by id.
    pub agencies: HashMap<AgencyId, agency::Model>,
    /// Services by id.
    pub services: HashMap<ServiceId, service::Model>,
}

impl Directory {
    /// Takes a service in, and the agency that it is of.
    pub fn add(&mut self, service: service::Model, agency: agency::Model) {
        self.services.insert(service.id, service);
        self.agencies.insert(agency.id, agency);
    }

    /// A service and its agency.
    pub fn of(&self, id: ServiceId) -> (&service::Model, &agency::Model) {
        let service = &self.services[&id];
        (service, &self.agencies[&service.agency_id])
    }
}

pub async fn directory(db: &impl ConnectionTrait) -> Result<Directory, DbErr> {
    let agencies = agency::Entity::find().all(db).await?;
    let services = service::Entity::find().all(db).await?;
    Ok(Directory {
        agencies: agencies.into_iter().map(|a| (a.id, a)).collect(),
        services: services.into_iter().map(|s| (s.id, s)).collect(),
    })
}

/// The part of the directory that holds these services.
pub async fn directory_of(
    db: &impl ConnectionTrait,
    services: impl IntoIterator<Item = ServiceId>,
) -> Result<Directory, DbErr> {
    let both = service::Entity::find().filter(service::Column::Id.is_in(services));
    let mut directory = Directory::default();
    for (service, agency) in both.find_both_related(agency::Entity).all(db).await? {
        directory.add(service, agency);
    }
    Ok(directory)
}

/// One service, as the query of its id.
pub fn one_service(id: ServiceId) -> SelectStatement {
    Query::select()
        .column(service::Column::Id)
        .from(service::Entity)
        .and_where(service::Column::Id.eq(id))
        .to_owned()
}

/// Every contact.
pub async fn contacts(db: &impl ConnectionTrait) -> Result<Vec<contact::Model>, DbErr> {
    contact::Entity::find().all(db).await
}

/// Whether somebody at an address asked for one email a day.
pub async fn wants_digest(db: &impl ConnectionTrait, address: &str, today: NaiveDate) -> Result<bool, DbErr> {
    let asked = contact::Entity::find().filter(contact::Column::DailyDigest.eq(true)).all(db).await?;
    Ok(asked.iter().any(|c| c.email.eq_ignore_ascii_case(address) && c.is_valid(today)))
}

/// The contacts of some agencies.
pub async fn contacts_of(
    db: &impl ConnectionTrait,
    agencies: impl IntoIterator<Item = AgencyId>,
) -> Result<Vec<contact::Model>, DbErr> {
    contact::Entity::find().filter(contact::Column::AgencyId.is_in(agencies)).all(db).await
}

/// One contact.
pub async fn contact(db: &impl ConnectionTrait, id: ContactId) -> Result<Option<contact::Model>, DbErr> {
    contact::Entity::find_by_id(id).one(db).await
}

/// A contact, taken for this transaction.
pub async fn take_contact(tx: &Tx, id: ContactId) -> Result<Option<contact::Model>, DbErr> {
    contact::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await
}

/// A service that is not merged into another, taken for this transaction.
pub async fn take_service(tx: &Tx, id: ServiceId) -> Result<Option<service::Model>, DbErr> {
    let found = service::Entity::find_by_id(id).filter(service::Column::MergedIntoId.is_null());
    found.lock_exclusive().one(tx.conn()).await
}

/// Whether another entry has this address in this role at the same place.
pub async fn same_contact(tx: &Tx, row: &contact::Model) -> Result<bool, DbErr> {
    let place = match row.service_id {
        Some(id) => contact::Column::ServiceId.eq(id),
        None => contact::Column::ServiceId.is_null(),
    };
    let same = contact::Entity::find()
        .filter(contact::Column::AgencyId.eq(row.agency_id))
        .filter(place)
        .filter(contact::Column::Email.eq(&row.email))
        .filter(contact::Column::Role.eq(&row.role))
        .filter(contact::Column::Id.ne(row.id));
    Ok(same.count(tx.conn()).await? > 0)
}

/// Whether another agency has this code.
pub async fn same_agency(tx: &Tx, row: &agency::Model) -> Result<bool, DbErr> {
    let code = Expr::expr(Func::lower(Expr::col(agency::Column::Code))).eq(row.code.to_lowercase());
    Ok(agency::Entity::find().filter(code).count(tx.conn()).await? > 0)
}

/// Whether another service of the agency has this name, one that was merged too: files know it by that.
pub async fn same_service(tx: &Tx, row: &service::Model) -> Result<bool, DbErr> {
    let name = Expr::expr(Func::lower(Expr::col(service::Column::Name))).eq(row.name.to_lowercase());
    let same = service::Entity::find()
        .filter(service::Column::AgencyId.eq(row.agency_id))
        .filter(service::Column::Id.ne(row.id))
        .filter(name);
    Ok(same.count(tx.conn()).await? > 0)
}

/// Invitations that two services have to one conference in one role.
pub async fn asked_both(tx: &Tx, one: ServiceId, other: ServiceId) -> Result<u64, DbErr> {
    let of = |name: &'static str, column: &'static str| Expr::col((Alias::new(name), Alias::new(column)));
    let both = Query::select()
        .expr_as(Expr::val(1), Alias::new("one"))
        .from_as(Alias::new("invitation"), Alias::new("a"))
        .join_as(
            sea_orm::sea_query::JoinType::InnerJoin,
            Alias::new("invitation"),
            Alias::new("b"),
            Condition::all()
                .add(of("a", "conference_id").equals((Alias::new("b"), Alias::new("conference_id"))))
                .add(of("a", "role").equals((Alias::new("b"), Alias::new("role")))),
        )
        .and_where(of("a", "service_id").eq(one))
        .and_where(of("b", "service_id").eq(other))
        .to_owned();
    Ok(tx.conn().query_all(&both).await?.len() as u64)
}

/// What a merge moved.
pub struct Moved {
    pub invitations: Vec<uuid::Uuid>,
    pub contacts: Vec<ContactId>,
    /// Entries that stood at both: the one that is gone, and the one it went into.
    pub joined: Vec<(contact::Model, ContactId)>,
    /// Accounts that saw the service, and do not see the other by this.
    pub grants: Vec<AccountId>,
}

/// How many invitations a service has.
pub async fn invitations_of(db: &impl ConnectionTrait, id: ServiceId) -> Result<usize, DbErr> {
    Ok(db.query_all(&invitation_ids(id)).await?.len())
}

fn invitation_ids(of: ServiceId) -> SelectStatement {
    Query::select()
        .column(Alias::new("id"))
        .from(Alias::new("invitation"))
        .and_where(Expr::col(Alias::new("service_id")).eq(of))
        .to_owned()
}

/// Moves the invitations and contacts of a service to another, and what was merged into it before. Entries of one
/// address in one role are joined: what holds of either, holds.
pub async fn move_service(
    tx: &Tx,
    from: ServiceId,
    into: ServiceId,
    today: NaiveDate,
) -> Result<Moved, DbErr> {
    let rows = tx.conn().query_all(&invitation_ids(from)).await?;
    let invitations = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<Vec<_>, _>>()?;
    let to_move = Query::update()
        .table(Alias::new("invitation"))
        .value(Alias::new("service_id"), into)
        .and_where(Expr::col(Alias::new("service_id")).eq(from))
        .to_owned();
    tx.conn().execute(&to_move).await?;
    let (mut contacts, mut joined) = (Vec::new(), Vec::new());
    let here = contact::Entity::find().filter(contact::Column::ServiceId.eq(from)).all(tx.conn()).await?;
    for gone in here {
        let same = contact::Entity::find()
            .filter(contact::Column::ServiceId.eq(into))
            .filter(contact::Column::Email.eq(&gone.email))
            .filter(contact::Column::Role.eq(&gone.role));
        let Some(mut kept) = same.one(tx.conn()).await? else {
            contacts.push(gone.id);
            let mut row = gone.into_active_model();
            row.service_id = Set(Some(into));
            row.update(tx.conn()).await?;
            continue;
        };
        if !kept.is_valid(today) && gone.is_valid(today) {
            (kept.valid_from, kept.valid_to) = (gone.valid_from, gone.valid_to);
        }
        kept.is_safeguarding_lead |= gone.is_safeguarding_lead;
        kept.daily_digest |= gone.daily_digest;
        kept.verified_on = Ord::max(kept.verified_on, gone.verified_on);
        kept.bounced_at = kept.bounced_at.or(gone.bounced_at);
        contact::Entity::delete_by_id(gone.id).exec(tx.conn()).await?;
        joined.push((gone, kept.id));
        kept.into_active_model().reset_all().update(tx.conn()).await?;
    }
    let seen = || account_service::Column::ServiceId.eq(from);
    let grants = account_service::Entity::find().filter(seen()).all(tx.conn()).await?;
    account_service::Entity::delete_many().filter(seen()).exec(tx.conn()).await?;
    service::Entity::update_many()
        .col_expr(service::Column::MergedIntoId, Expr::value(into))
        .filter(service::Column::MergedIntoId.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(Moved { invitations, contacts, joined, grants: grants.into_iter().map(|g| g.account_id).collect() })
}

/// Forgets that a service had a name once.
pub async fn forget_name(tx: &Tx, id: ServiceId, name: &str) -> Result<(), DbErr> {
    let former = service::Entity::delete_many()
        .filter(service::Column::MergedIntoId.eq(id))
        .filter(Expr::expr(Func::lower(Expr::col(service::Column::Name))).eq(name.to_lowercase()));
    former.exec(tx.conn()).await?;
    Ok(())
}

/// The telephone numbers of a service, or of its whole agency, that hold on a day: "Ann Field: 01865 000000".
pub fn numbers<'a>(
    contacts: impl IntoIterator<Item = &'a contact::Model>,
    service: ServiceId,
    day: NaiveDate,
) -> Vec<String> {
    let here = contacts.into_iter().filter(|c| c.is_valid(day));
    let here = here.filter(|c| c.service_id.is_none_or(|of| of == service));
    let said = here.filter_map(|c| {
        let who = if c.name.is_empty() { &c.role } else { &c.name };
        Some(format!("{who}: {}", c.telephone.as_ref()?))
    });
    said.collect()
}
