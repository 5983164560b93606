//! Who asks.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use chrono::NaiveDate;
use yizhangtu_data::{
    Catalog, Field, Layer, Record, clock,
    store::{Account, Territory},
};

use super::{
    Action, Channel, Duty, Mask, Masks, Rights, Role, Sight, View, masks::RoleMasks, rights::Owners,
};
use crate::http::Problem;

/// Who asks, and so what is shown to them.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    /// The day that ages are reckoned on, in China.
    today: NaiveDate,
    who: Arc<Who>,
    /// The network address that asks.
    address: Option<IpAddr>,
    /// What let them in.
    pass: Pass,
    /// The way that what is seen leaves by.
    channel: Channel,
    /// Whether what is personal is left out, and not only masked.
    bare: bool,
}

/// What somebody was let in by, to be asked again later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Nothing: the guest of a demonstration, or whoever works at a file without accounts.
    None,
    /// The session of a token of this hash.
    Session([u8; 32]),
    /// A program's key of this hash.
    Key(Arc<str>),
}

/// How far a right to what is there reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach<'a> {
    /// To the whole file.
    Everywhere,
    /// To what lies in a territory.
    Territory(&'a [Territory]),
    /// To what the account reported, or what was given to it or to its unit.
    Own,
}

/// An account at work, or what stands in the place of one.
#[derive(Debug)]
pub(crate) struct Who {
    /// The account's user; none for the guest of a demonstration, for users of a file without
    /// accounts, and for nobody.
    pub(crate) user: Option<String>,
    /// The person's own name; may be empty.
    pub(crate) name: String,
    /// Where the person works; may be empty.
    pub(crate) unit: String,
    /// The role, where it has one of the matrix.
    pub(crate) role: Option<Arc<Role>>,
    /// What the account is bound to; empty for the whole file.
    pub(crate) territory: Vec<Territory>,
    /// Actions that a program's key is limited to; empty where it is not.
    pub(crate) scope: Vec<String>,
    /// Whether a one-time code was given.
    pub(crate) second_factor: bool,
    /// Whether a one-time code is still to be given before what asks for one.
    pub(crate) lacks_factor: bool,
    /// Whether a new password must be chosen before anything else.
    pub(crate) must_change: bool,
    /// Where the rows of tables lie, for what ends at the territory.
    pub(crate) places: Arc<BTreeMap<String, Vec<String>>>,
    /// Which fields say whose a feature is, for what ends at one's own.
    owners: Arc<BTreeMap<String, Owners>>,
    /// What the role is shown in the place of masks, by each way out.
    masks: [RoleMasks; Channel::ALL.len()],
    /// The class of those who see the same: version of the rights, role, territory, scope, and
    /// where a right ends at one's own, the account.
    class: Arc<str>,
}

impl Who {
    /// Somebody without an account in a role of the matrix.
    pub(crate) fn unnamed(rights: &Rights, role: &str) -> Self {
        let masks = Masks::current().of(role);
        let role = rights.role(role).cloned();
        let class = match &role {
            Some(role) => format!("{}|{}", rights.version, role.id),
            None => String::new(),
        };
        Self {
            user: None,
            name: String::new(),
            unit: String::new(),
            role,
            territory: Vec::new(),
            scope: Vec::new(),
            second_factor: false,
            lacks_factor: false,
            must_change: false,
            places: Arc::clone(&rights.places),
            owners: Arc::clone(&rights.owners),
            masks,
            class: class.into(),
        }
    }

    /// An account in its role, or without any where the matrix has none such.
    pub(crate) fn of(rights: &Rights, account: &Account, scope: Vec<String>) -> Self {
        let mut class = format!("{}|{}", rights.version, account.role);
        let mut territory = account.territory.clone();
        territory.sort();
        for place in &territory {
            class.push_str(&format!("|{}:{}", place.layer, place.id));
        }
        for action in &scope {
            class.push_str(&format!("#{action}"));
        }
        if (rights.role(&account.role)).is_some_and(|role| role.has_own()) {
            class.push_str(&format!("~{}~{}", account.user, account.unit));
        }
        Self {
            user: Some(account.user.clone()),
            name: account.name.clone(),
            unit: account.unit.clone(),
            territory,
            scope,
            class: class.into(),
            ..Self::unnamed(rights, &account.role)
        }
    }
}

impl Viewer {
    /// An account, or what stands for one.
    pub(crate) fn new(who: Arc<Who>) -> Self {
        Self {
            today: clock::now().date_naive(),
            who,
            address: None,
            pass: Pass::None,
            channel: Channel::Screen,
            bare: false,
        }
    }

    /// Whoever works with the file itself on this machine: by the command line, or served
    /// from a file without accounts. Sees everything masked.
    pub(crate) fn anyone() -> Self {
        Self::new(Arc::new(Who::unnamed(&Rights::default_matrix(), "local")))
    }

    /// The same, for a file that nothing personal may be in, not even masked.
    pub(crate) fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Whether what is personal is left out.
    pub(crate) fn is_bare(&self) -> bool {
        self.bare
    }

    /// Whether it is whoever works with a file without accounts, and so has all of it.
    pub(crate) fn is_local(&self) -> bool {
        self.who.user.is_none() && (self.who.role.as_ref()).is_some_and(|role| role.id == "local")
    }

    /// The same, by another way out.
    pub(crate) fn through(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    /// Let in by something.
    pub(crate) fn by(mut self, pass: Pass) -> Self {
        self.pass = pass;
        self
    }

    /// What let them in.
    pub(crate) fn pass(&self) -> &Pass {
        &self.pass
    }

    /// Asking from a network address.
    pub(crate) fn from(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    /// The network address that asks.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The class of those who see the same.
    pub(crate) fn class(&self) -> &Arc<str> {
        &self.who.class
    }

    /// What a bounded right ends at; none for the whole file.
    pub(crate) fn limits(&self) -> Option<&[Territory]> {
        let bound = self.who.role.as_ref().is_some_and(|role| role.bound);
        (bound || !self.who.territory.is_empty()).then_some(&*self.who.territory)
    }

    /// How far the right to what is in a layer reaches.
    pub(crate) fn reach(&self, layer: &Layer) -> Reach<'_> {
        let grant = self.who.role.as_ref().map(|role| role.grant(layer));
        if grant.is_some_and(|grant| grant.own()) {
            return Reach::Own;
        }
        match self.ground(layer) {
            Some(territory) => Reach::Territory(territory),
            None => Reach::Everywhere,
        }
    }

    /// Whether the right to what is in a layer ends somewhere: at the territory, or at one's own.
    pub(crate) fn ends(&self, layer: &Layer) -> bool {
        !matches!(self.reach(layer), Reach::Everywhere)
    }

    /// What new features of a layer must lie in; none for the whole file.
    pub(crate) fn ground(&self, layer: &Layer) -> Option<&[Territory]> {
        let within = (self.who.role.as_ref()).is_none_or(|role| role.grant(layer).within());
        self.limits().filter(|_| within)
    }

    /// Whether a layer says of its features whose they are.
    pub(super) fn has_owners(&self, layer: &Layer) -> bool {
        self.who.owners.contains_key(&layer.id)
    }

    /// Whether a feature is the viewer's own: reported by the account, or given to it or to the
    /// unit that it works in.
    pub(crate) fn owns(&self, layer: &Layer, record: &Record) -> bool {
        let Some(owners) = self.who.owners.get(&layer.id) else {
            return false;
        };
        let holds = |fields: &[String], wanted: &str| {
            !wanted.is_empty()
                && (fields.iter()).any(|name| record.get(layer, name).as_text() == Some(wanted))
        };
        let user = self.who.user.as_deref().unwrap_or_default();
        holds(&owners.user, user) || holds(&owners.unit, &self.who.unit)
    }

    /// The fields that say where a table's rows lie.
    pub(crate) fn places(&self, layer: &str) -> &[String] {
        self.who.places.get(layer).map_or(&[], Vec::as_slice)
    }

    /// Whoever sees everything in the same territory, to find out what lies there.
    pub(crate) fn everywhere(&self) -> Self {
        self.as_role(Role::surveyor())
    }

    /// Whoever sees everything that is the viewer's own, and nothing else.
    pub(super) fn holding(&self) -> Self {
        self.as_role(Role::holder())
    }

    fn as_role(&self, role: &Arc<Role>) -> Self {
        let class = format!("{}|{}", role.id, self.who.class);
        let who = Who {
            user: self.who.user.clone(),
            unit: self.who.unit.clone(),
            role: Some(Arc::clone(role)),
            territory: self.who.territory.clone(),
            class: class.into(),
            places: Arc::clone(&self.who.places),
            owners: Arc::clone(&self.who.owners),
            ..Who::unnamed(&Rights::default_matrix(), "")
        };
        Self {
            who: Arc::new(who),
            ..self.clone()
        }
    }

    /// Who it is.
    pub(crate) fn who(&self) -> &Who {
        &self.who
    }

    /// The name that changes are written under: the account's user, or what stands for it.
    pub(crate) fn author(&self) -> &str {
        let role = self.who.role.as_ref().map(|role| role.id.as_str());
        self.who.user.as_deref().or(role).unwrap_or("nobody")
    }

    /// Whether an action is granted on a layer, somewhere at least.
    pub(crate) fn may(&self, action: Action, layer: &Layer) -> bool {
        self.in_scope(action.name())
            && (self.who.role.as_ref()).is_some_and(|role| role.grant(layer).allows(action))
    }

    /// Whether people may be seen, if masked: how many live in one house is told to no others.
    pub(crate) fn may_see_people(&self) -> bool {
        static PERSON: LazyLock<Option<Arc<Layer>>> =
            LazyLock::new(|| Catalog::embedded().layer("person").cloned());
        (PERSON.as_ref()).is_some_and(|person| self.may(Action::View, person))
    }

    /// As [`Viewer::may`].
    ///
    /// # Errors
    /// 401 for a guest, who may sign in; 403 for an account without the right.
    pub(crate) fn require(&self, action: Action, layer: &Layer) -> Result<(), Problem> {
        if self.may(action, layer) {
            return Ok(());
        }
        Err(self.refused())
    }

    /// Whether a duty is held.
    pub(crate) fn holds(&self, duty: Duty) -> bool {
        !self.who.lacks_factor
            && self.in_scope("duties")
            && (self.who.role.as_ref()).is_some_and(|role| role.duties.contains(&duty))
    }

    /// The refusal of what asks for a one-time code; nothing where one was given or none is
    /// asked for.
    ///
    /// # Errors
    /// 403 with `second_factor` in the problem.
    pub(crate) fn require_factor(&self) -> Result<(), Problem> {
        if !self.who.lacks_factor {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "请先输入动态码；未设置过的，请在右上角账户菜单中设置 / give a one-time code first; where none is set up, do so in the account's menu",
        )
        .beside("second_factor", true.into()))
    }

    /// The one refusal of what an account may not do.
    pub(crate) fn refused(&self) -> Problem {
        if self.is_guest() {
            return Problem::sign_in();
        }
        Problem::new(
            StatusCode::FORBIDDEN,
            "您的账户没有这项权限 / this account has no right to do so",
        )
    }

    /// Whether nobody signed in where one can.
    pub(crate) fn is_guest(&self) -> bool {
        self.who.user.is_none() && !self.is_local()
    }

    fn in_scope(&self, action: &str) -> bool {
        self.who.scope.is_empty() || self.who.scope.iter().any(|own| own == action)
    }

    /// What may be seen of a record: the only form in which one leaves.
    pub(crate) fn see<'a>(&'a self, layer: &'a Layer, record: &'a Record) -> View<'a> {
        self.sight(layer).of(record)
    }

    /// What may be seen of the values of a layer, of which there need not be a record.
    pub(crate) fn sight<'a>(&'a self, layer: &'a Layer) -> Sight<'a> {
        let masks = &self.who.masks[self.channel as usize];
        let role = self.who.role.as_deref();
        Sight::new(layer, self.today, role, masks, self.bare)
    }

    /// A record with nothing masked: for whoever may, once it is on record.
    pub(crate) fn see_unmasked<'a>(&'a self, layer: &'a Layer, record: &'a Record) -> View<'a> {
        self.see(layer, record).unmasked()
    }

    /// Whether a field may be filtered and sorted by, and looked up whole.
    ///
    /// A filter on a masked field would answer, guess by guess, what the mask hides.
    pub(crate) fn may_ask_by(&self, layer: &Layer, field: &Field) -> bool {
        let hidden =
            (self.who.role.as_ref()).is_some_and(|role| role.hides(&layer.id, &field.name));
        !hidden && Mask::of(field).is_none()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    /// The viewer that the gate let in. Where none stands, the route was not behind it.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        (parts.extensions.get::<Self>().cloned())
            .ok_or_else(|| Problem::internal("a route that no gate stands before"))
    }
}
