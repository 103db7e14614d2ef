//! The directory's only queries.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect};

use super::entity::{agency, contact, service};
use super::{AgencyId, ServiceId};

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
