//! The directory's only queries.

use std::collections::HashMap;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter,
    QuerySelect,
};

use super::entity::{account_service, agency, contact, service};
use super::{AgencyId, ContactId, ServiceId};
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
    fn of_rows(agencies: Vec<agency::Model>, services: Vec<service::Model>) -> Self {
        Self {
            agencies: agencies.into_iter().map(|a| (a.id, a)).collect(),
            services: services.into_iter().map(|s| (s.id, s)).collect(),
        }
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
    Ok(Directory::of_rows(agencies, services))
}

/// The part of the directory that holds these services.
pub async fn directory_of(
    db: &impl ConnectionTrait,
    services: impl IntoIterator<Item = ServiceId>,
) -> Result<Directory, DbErr> {
    let agency_of =
        service::Entity::belongs_to(agency::Entity).from(service::Column::AgencyId).to(agency::Column::Id);
    let both = service::Entity::find()
        .filter(service::Column::Id.is_in(services))
        .join(JoinType::InnerJoin, agency_of.into())
        .select_also(agency::Entity);
    let (services, agencies): (Vec<_>, Vec<_>) = both.all(db).await?.into_iter().unzip();
    Ok(Directory::of_rows(agencies.into_iter().flatten().collect(), services))
}

/// Every contact.
pub async fn contacts(db: &impl ConnectionTrait) -> Result<Vec<contact::Model>, DbErr> {
    contact::Entity::find().all(db).await
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

/// Moves everything of a service to another: invitations, contacts, grants, and what was merged into it before.
/// Gives back how many invitations.
pub async fn move_service(tx: &Tx, from: ServiceId, into: ServiceId) -> Result<u64, DbErr> {
    let invitations = Query::update()
        .table(Alias::new("invitation"))
        .value(Alias::new("service_id"), into)
        .and_where(Expr::col(Alias::new("service_id")).eq(from))
        .to_owned();
    let moved = tx.conn().execute(&invitations).await?.rows_affected();
    let contacts = contact::Entity::find().filter(contact::Column::ServiceId.eq(from)).all(tx.conn()).await?;
    for mut row in contacts {
        row.service_id = Some(into);
        let one = contact::Entity::update_many().filter(contact::Column::Id.eq(row.id));
        if same_contact(tx, &row).await? {
            contact::Entity::delete_by_id(row.id).exec(tx.conn()).await?;
        } else {
            one.col_expr(contact::Column::ServiceId, Expr::value(into)).exec(tx.conn()).await?;
        }
    }
    let grants = account_service::Entity::find().filter(account_service::Column::ServiceId.eq(from));
    for grant in grants.all(tx.conn()).await? {
        let (old, new) = ((grant.account_id, from), (grant.account_id, into));
        account_service::Entity::delete_by_id(old).exec(tx.conn()).await?;
        if account_service::Entity::find_by_id(new).one(tx.conn()).await?.is_none() {
            let row = account_service::Model { service_id: into, ..grant };
            account_service::Entity::insert(sea_orm::IntoActiveModel::into_active_model(row))
                .exec_without_returning(tx.conn())
                .await?;
        }
    }
    service::Entity::update_many()
        .col_expr(service::Column::MergedIntoId, Expr::value(into))
        .filter(service::Column::MergedIntoId.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(moved)
}
