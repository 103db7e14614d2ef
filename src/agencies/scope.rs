//! What an agency safeguarding lead's account sees: named services, or, granted separately, a whole agency
//! (DOMAIN 2: one code may stand for many employers).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::json;

use super::entity::{account_agency, account_service, contact, service};
use super::{AgencyId, ServiceId};
use crate::access::AccountId;
use crate::audit::{self, Actor, Event};
use crate::platform::{Db, Keys, Tx};

/// One thing that an account may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// One service.
    Service(ServiceId),
    /// Every service of an agency, also those that come.
    WholeAgency(AgencyId),
}

/// What an account was granted.
pub async fn grants(db: &impl ConnectionTrait, account: AccountId) -> Result<Vec<Grant>, DbErr> {
    let agencies = account_agency::Entity::find().filter(account_agency::Column::AccountId.eq(account));
    let services = account_service::Entity::find().filter(account_service::Column::AccountId.eq(account));
    let agencies = agencies.all(db).await?.into_iter().map(|row| Grant::WholeAgency(row.agency_id));
    let services = services.all(db).await?.into_iter().map(|row| Grant::Service(row.service_id));
    Ok(agencies.chain(services).collect())
}

/// The contacts of the services that an account answers for, and of whole agencies that it was granted.
pub async fn contacts_of_account(
    db: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Vec<contact::Model>, DbErr> {
    let agencies = Query::select()
        .column(account_agency::Column::AgencyId)
        .from(account_agency::Entity)
        .and_where(account_agency::Column::AccountId.eq(account))
        .to_owned();
    let of_agency = Condition::all()
        .add(contact::Column::ServiceId.is_null())
        .add(contact::Column::AgencyId.in_subquery(agencies));
    let own =
        Condition::any().add(contact::Column::ServiceId.in_subquery(services_of(account))).add(of_agency);
    contact::Entity::find().filter(own).order_by_asc(contact::Column::Email).all(db).await
}

/// The ids of the services that an account sees, for a query.
pub fn services_of(account: AccountId) -> SelectStatement {
    let named = Query::select()
        .column(account_service::Column::ServiceId)
        .from(account_service::Entity)
        .and_where(account_service::Column::AccountId.eq(account))
        .to_owned();
    let whole = Query::select()
        .column(account_agency::Column::AgencyId)
        .from(account_agency::Entity)
        .and_where(account_agency::Column::AccountId.eq(account))
        .to_owned();
    Query::select()
        .column((service::Entity, service::Column::Id))
        .from(service::Entity)
        .cond_where(
            Condition::any()
                .add(service::Column::Id.in_subquery(named))
                .add(service::Column::AgencyId.in_subquery(whole)),
        )
        .to_owned()
}

/// Who changes what an account sees, and when.
#[derive(Clone, Copy)]
pub struct Granting<'a> {
    pub db: &'a Db,
    pub keys: &'a Keys,
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
}

impl Granting<'_> {
    /// Grants something to an account, or takes it back.
    pub async fn set(self, account: AccountId, grant: Grant, granted: bool) -> Result<(), DbErr> {
        let tx = self.db.begin("grant a service").await?;
        if grants(tx.conn(), account).await?.contains(&grant) == granted {
            return Ok(());
        }
        match granted {
            true => insert(&tx, account, grant).await?,
            false => delete(&tx, account, grant).await?,
        }
        let what = match grant {
            Grant::Service(id) => json!({ "service": id }),
            Grant::WholeAgency(id) => json!({ "agency": id }),
        };
        let action = if granted { "scope.granted" } else { "scope.ended" };
        let event = Event { action, object: account.to_string(), payload: what };
        audit::record(&tx, self.keys, self.actor, self.now, vec![event]).await?;
        tx.commit().await
    }
}

async fn insert(tx: &Tx, account_id: AccountId, grant: Grant) -> Result<(), DbErr> {
    match grant {
        Grant::Service(service_id) => {
            let row = account_service::Model { account_id, service_id }.into_active_model();
            account_service::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        }
        Grant::WholeAgency(agency_id) => {
            let row = account_agency::Model { account_id, agency_id }.into_active_model();
            account_agency::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        }
    }
    Ok(())
}

async fn delete(tx: &Tx, account: AccountId, grant: Grant) -> Result<(), DbErr> {
    match grant {
        Grant::Service(id) => account_service::Entity::delete_by_id((account, id)).exec(tx.conn()).await?,
        Grant::WholeAgency(id) => account_agency::Entity::delete_by_id((account, id)).exec(tx.conn()).await?,
    };
    Ok(())
}
