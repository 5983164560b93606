//! The matrix of rights: what each role may do with each layer, as versioned data.

mod amend;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use yizhangtu_data::{Layer, Text};

pub(crate) use amend::Amendment;

/// What one may do with the features of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// See features, masked.
    View,
    /// Make new ones.
    Create,
    /// Change them.
    Edit,
    /// Remove them.
    Delete,
    /// Approve, dispatch or publish.
    Approve,
    /// Take them away as a file.
    Export,
    /// Bring many in from a file.
    Import,
    /// Count them.
    Count,
    /// See one unmasked, with a reason.
    Unmask,
}

impl Action {
    /// Whether features are other ones after it.
    pub(crate) fn changes(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Edit | Self::Delete | Self::Import
        )
    }

    /// All of them, with the letter that the matrix writes.
    pub(crate) const ALL: [(Self, char); 9] = [
        (Self::View, 'V'),
        (Self::Create, 'C'),
        (Self::Edit, 'E'),
        (Self::Delete, 'D'),
        (Self::Approve, 'A'),
        (Self::Export, 'X'),
        (Self::Import, 'I'),
        (Self::Count, 'S'),
        (Self::Unmask, 'F'),
    ];

    /// The word for it in JSON and in scopes of keys.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Approve => "approve",
            Self::Export => "export",
            Self::Import => "import",
            Self::Count => "count",
            Self::Unmask => "unmask",
        }
    }
}

/// What one may do beside the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Duty {
    /// Make and lock accounts, give new passwords.
    Accounts,
    /// Give roles and territories.
    Roles,
    /// Edit the matrix.
    Rights,
    /// Approve what others take away with personal data in it.
    Exports,
    /// Read the audit log.
    Audit,
    /// Read the metrics.
    Operate,
}

impl Duty {
    /// Those that give power over others' accounts, rights or records. Each is one
    /// administrator's alone, who sees no data (三权分立).
    const SEPARATED: [Self; 4] = [Self::Accounts, Self::Roles, Self::Rights, Self::Audit];

    /// The word for it in JSON.
    fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or_default().to_owned()
    }

    /// Whether it is one administrator's alone.
    pub(crate) fn is_separated(self) -> bool {
        Self::SEPARATED.contains(&self)
    }
}

/// Actions granted, and whether only within the territory or only of one's own. Written as
/// letters: `VCE@`, `VC@~`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Grant {
    actions: u16,
    within: bool,
    own: bool,
}

impl Grant {
    /// Whether an action is granted somewhere.
    pub(crate) fn allows(self, action: Action) -> bool {
        self.actions & 1 << action as u16 != 0
    }

    /// Whether it ends at the account's territory.
    pub(crate) fn within(self) -> bool {
        self.within
    }

    /// Whether what is there is reached only where it is one's own: reported by the account,
    /// or given to it or its unit.
    pub(crate) fn own(self) -> bool {
        self.own
    }

    /// Whether it may end somewhere: at the territory, or at one's own.
    pub(crate) fn is_bound(self) -> bool {
        self.within || self.own
    }

    /// Reads the letters of a grant.
    ///
    /// # Errors
    /// Which letter there is not, Chinese and English.
    pub(crate) fn parse(letters: &str) -> Result<Self, String> {
        let mut grant = Self::default();
        for letter in letters.chars() {
            match letter {
                '@' => grant.within = true,
                '~' => grant.own = true,
                _ => grant.actions |= 1 << Self::action(letter)? as u16,
            }
        }
        Ok(grant)
    }

    fn action(letter: char) -> Result<Action, String> {
        let found = Action::ALL.into_iter().find(|(_, own)| *own == letter);
        found.map(|(action, _)| action).ok_or_else(|| {
            format!(
                "“{letter}”不是权限字母，可用 VCEDAXISF@~ / “{letter}” is no letter of a right; there are VCEDAXISF@~"
            )
        })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (action, letter) in Action::ALL {
            if self.allows(action) {
                write!(to, "{letter}")?;
            }
        }
        if self.within {
            to.write_str("@")?;
        }
        if self.own {
            to.write_str("~")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Grant({self})")
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let letters = String::deserialize(from)?;
        Self::parse(&letters).map_err(D::Error::custom)
    }
}

/// Where in the matrix a grant stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// For all layers of a theme that have none of their own.
    Theme(String),
    /// For one layer.
    Layer(String),
}

/// One role of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// Identifier, such as `grid_worker`.
    pub(crate) id: String,
    /// Title shown.
    pub(crate) title: Text,
    /// Whether an account without a territory sees nothing where a grant ends at it.
    #[serde(default)]
    pub(crate) bound: bool,
    /// Whether signing in asks for a one-time code.
    #[serde(default)]
    pub(crate) second_factor: bool,
    /// Whether who writes in it is told to intake only: people who report what they see.
    #[serde(default)]
    pub(crate) reports: bool,
    /// Whether it takes reports in, and knows who reported.
    #[serde(default)]
    pub(crate) intake: bool,
    /// What it may do beside the map.
    #[serde(default)]
    pub(crate) duties: Vec<Duty>,
    /// Grants by theme; `*` for those not named.
    #[serde(default)]
    themes: BTreeMap<String, Grant>,
    /// Grants by layer, in the place of their theme's.
    #[serde(default)]
    layers: BTreeMap<String, Grant>,
    /// Fields by layer that the role never sees.
    #[serde(default)]
    hidden: BTreeMap<String, Vec<String>>,
}

impl Role {
    /// A role of nobody: to see what lies in a territory.
    pub(super) fn surveyor() -> &'static Arc<Self> {
        static SURVEYOR: LazyLock<Arc<Role>> = LazyLock::new(|| Role::nobody("surveyor", "V@"));
        &SURVEYOR
    }

    /// A role of nobody: to see what is somebody's own.
    pub(super) fn holder() -> &'static Arc<Self> {
        static HOLDER: LazyLock<Arc<Role>> = LazyLock::new(|| Role::nobody("holder", "V~"));
        &HOLDER
    }

    fn nobody(id: &str, letters: &str) -> Arc<Self> {
        let everything = Grant::parse(letters).expect("letters of a right");
        Arc::new(Role {
            id: id.to_owned(),
            title: Text::default(),
            bound: true,
            second_factor: false,
            reports: false,
            intake: false,
            duties: Vec::new(),
            themes: BTreeMap::from([("*".to_owned(), everything)]),
            layers: BTreeMap::new(),
            hidden: BTreeMap::new(),
        })
    }

    /// Whether some grant of it ends at what is one's own.
    pub(super) fn has_own(&self) -> bool {
        (self.themes.values().chain(self.layers.values())).any(|grant| grant.own)
    }

    /// What the role may do with a layer.
    pub(crate) fn grant(&self, layer: &Layer) -> Grant {
        let own = self.layers.get(&layer.id);
        let themed = || {
            self.themes
                .get(&layer.theme)
                .or_else(|| self.themes.get("*"))
        };
        own.or_else(themed).copied().unwrap_or_default()
    }

    /// Where the matrix says so: the layer's own grant, its theme's, or (none) that of the rest.
    pub(crate) fn source(&self, layer: &Layer) -> Option<Place> {
        if self.layers.contains_key(&layer.id) {
            Some(Place::Layer(layer.id.clone()))
        } else if self.themes.contains_key(&layer.theme) {
            Some(Place::Theme(layer.theme.clone()))
        } else {
            None
        }
    }

    /// Whether it administers: has a duty beside the map and beside deciding on what leaves it.
    pub(crate) fn is_administrator(&self) -> bool {
        self.duties.iter().any(|duty| *duty != Duty::Exports)
    }

    /// The grant that stands at a place; none where nothing stands there.
    pub(crate) fn at(&self, place: &Place) -> Option<Grant> {
        match place {
            Place::Theme(theme) => self.themes.get(theme),
            Place::Layer(layer) => self.layers.get(layer),
        }
        .copied()
    }

    /// Whether the role never sees a field.
    pub(crate) fn hides(&self, layer: &str, field: &str) -> bool {
        self.hidden(layer).iter().any(|own| own == field)
    }

    /// The fields of a layer that the role never sees.
    pub(crate) fn hidden(&self, layer: &str) -> &[String] {
        self.hidden.get(layer).map_or(&[], Vec::as_slice)
    }
}

/// The matrix.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    /// Which version; the default's is that of the program.
    pub(crate) version: String,
    /// The roles, in the order in which they are offered.
    pub(crate) roles: Vec<Arc<Role>>,
    /// Where the rows of a table lie: fields by layer.
    pub(crate) places: Arc<BTreeMap<String, Vec<String>>>,
    /// Layers whose features a territory is made of, the widest first.
    pub(crate) territories: Vec<String>,
    /// Which fields say whose a feature is, by layer.
    pub(crate) owners: Arc<BTreeMap<String, Owners>>,
}

/// Fields of a layer that say whose a feature is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owners {
    /// That hold an account's user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) user: Vec<String>,
    /// That hold the unit which an account works in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unit: Vec<String>,
}

/// The matrix as it is written: by the program in TOML, by an office in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: String,
    roles: Vec<Role>,
    #[serde(default)]
    places: BTreeMap<String, Vec<String>>,
    /// A matrix that was kept before these two were written in it has the default's.
    territories: Option<Vec<String>>,
    owners: Option<BTreeMap<String, Owners>>,
}

impl Rights {
    /// The matrix that the program comes with.
    pub(crate) fn default_matrix() -> Arc<Self> {
        static DEFAULT: LazyLock<Arc<Rights>> = LazyLock::new(|| {
            let text = include_str!("../../../data/catalog/rights.toml");
            Arc::new(Rights::parse(text).unwrap_or_else(|error| panic!("rights.toml: {error}")))
        });
        Arc::clone(&DEFAULT)
    }

    /// Reads a matrix from TOML.
    ///
    /// # Errors
    /// What is wrong and where, for whoever wrote it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text)
            .map_err(|error| error.to_string())
            .and_then(Self::of)
    }

    /// Reads a matrix from the JSON that [`Rights::written`] gives.
    ///
    /// # Errors
    /// As [`Rights::parse`].
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json)
            .map_err(|error| error.to_string())
            .and_then(Self::of)
    }

    /// The matrix as an office keeps it.
    pub(crate) fn written(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Written {
            version: self.version.clone(),
            roles: self.roles.iter().map(|role| Role::clone(role)).collect(),
            places: BTreeMap::clone(&self.places),
            territories: Some(self.territories.clone()),
            owners: Some(BTreeMap::clone(&self.owners)),
        })
    }

    fn of(written: Written) -> Result<Self, String> {
        let rights = Self {
            version: written.version,
            roles: written.roles.into_iter().map(Arc::new).collect(),
            places: Arc::new(written.places),
            territories: (written.territories)
                .unwrap_or_else(|| Self::default_matrix().territories.clone()),
            owners: (written.owners)
                .map_or_else(|| Arc::clone(&Self::default_matrix().owners), Arc::new),
        };
        for (at, role) in rights.roles.iter().enumerate() {
            if rights.roles[..at].iter().any(|other| other.id == role.id) {
                return Err(format!(
                    "角色 {id} 出现两次 / the role {id} stands twice",
                    id = role.id
                ));
            }
        }
        Ok(rights)
    }

    /// A role by its identifier.
    pub(crate) fn role(&self, id: &str) -> Option<&Arc<Role>> {
        self.roles.iter().find(|role| role.id == id)
    }
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Catalog;

    use super::*;

    #[test]
    fn every_theme_layer_and_field_of_the_default_matrix_is_in_the_catalog() {
        let (rights, catalog) = (Rights::default_matrix(), Catalog::embedded());
        assert_eq!(rights.roles.len(), 19);
        for role in &rights.roles {
            for theme in role.themes.keys() {
                let known = catalog.themes.iter().any(|own| own.id == *theme);
                assert!(
                    known || theme == "*" || theme == "other",
                    "{}: {theme}",
                    role.id
                );
            }
            for layer in role.layers.keys() {
                assert!(catalog.layer(layer).is_some(), "{}: {layer}", role.id);
            }
            for (layer, fields) in &role.hidden {
                let layer = catalog.layer(layer).expect("a layer");
                for field in fields {
                    assert!(layer.field(field).is_some(), "{}: {field}", role.id);
                }
            }
        }
        for (layer, places) in rights.places.iter() {
            let layer = catalog.layer(layer).expect("a layer");
            for place in places {
                let (layer, field) = match place.split_once('.') {
                    Some((table, field)) => (catalog.layer(table).expect("a table"), field),
                    None => (layer, place.as_str()),
                };
                let reference = layer
                    .field(field)
                    .and_then(|field| field.reference.as_ref());
                assert!(reference.is_some(), "{}: {place}", layer.id);
            }
        }
        for (layer, owners) in rights.owners.iter() {
            let layer = catalog.layer(layer).expect("a layer");
            for field in owners.user.iter().chain(&owners.unit) {
                assert!(layer.field(field).is_some(), "{}: {field}", layer.id);
            }
        }
    }

    #[test]
    fn what_ends_at_one_s_own_has_an_owner() {
        let (rights, catalog) = (Rights::default_matrix(), Catalog::embedded());
        let mut ends = 0;
        for role in &rights.roles {
            for layer in catalog
                .layers
                .iter()
                .filter(|layer| role.grant(layer).own())
            {
                let placed = (rights.places.get(&layer.id).into_iter().flatten())
                    .filter_map(|place| layer.field(place)?.reference.as_ref())
                    .any(|named| rights.owners.contains_key(named));
                assert!(
                    placed || rights.owners.contains_key(&layer.id),
                    "{}: {}",
                    role.id,
                    layer.id
                );
                ends += 1;
            }
        }
        assert!(ends >= 5, "{ends}");
    }

    #[test]
    fn every_table_that_a_right_bounds_has_a_place() {
        let (rights, catalog) = (Rights::default_matrix(), Catalog::embedded());
        let bounded = rights.roles.iter().filter(|role| role.bound);
        for role in bounded {
            for layer in catalog.layers.iter().filter(|layer| !layer.is_mapped()) {
                let grant = role.grant(layer);
                let reached = grant.within() && grant.allows(Action::View);
                // The party's organisations are everyone's or nobody's.
                assert!(
                    !reached || rights.places.contains_key(&layer.id) || layer.id == "org",
                    "{}: {}",
                    role.id,
                    layer.id
                );
            }
        }
    }

    #[test]
    fn the_administrators_have_no_data_and_no_two_of_their_duties_meet() {
        let (rights, catalog) = (Rights::default_matrix(), Catalog::embedded());
        let mut duties = Vec::new();
        for id in ["system_admin", "security_admin", "auditor"] {
            let role = rights.role(id).expect("a role");
            assert!(role.second_factor, "{id}");
            for layer in &catalog.layers {
                assert_eq!(role.grant(layer), Grant::default(), "{id}: {}", layer.id);
            }
            duties.extend(role.duties.iter().copied());
        }
        let all = duties.len();
        duties.sort();
        duties.dedup();
        assert_eq!(all, duties.len(), "a duty is held by two administrators");
    }

    #[test]
    fn whoever_sees_aggregates_only_is_granted_no_view_of_persons() {
        let (rights, catalog) = (Rights::default_matrix(), Catalog::embedded());
        for id in [
            "planner",
            "plan_reviewer",
            "leader",
            "asset_manager",
            "handler",
        ] {
            let role = rights.role(id).expect("a role");
            for layer in ["person", "household", "residence", "vehicle", "care_person"] {
                let grant = role.grant(catalog.layer(layer).expect("a layer"));
                assert!(
                    !grant.allows(Action::View) && !grant.allows(Action::Unmask),
                    "{id}: {layer}"
                );
            }
        }
    }

    #[test]
    fn a_letter_that_is_none_is_named() {
        let error = Rights::parse(
            "version = \"2\"\n[[roles]]\nid = \"x\"\ntitle = { zh = \"甲\", en = \"X\" }\nthemes = { base = \"VZ\" }",
        );
        assert!(error.unwrap_err().contains("“Z”"));
    }
}
