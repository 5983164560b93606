//! Who is asking: accounts, sessions, and the gate that every request passes.
//!
//! Accounts are rows of the file. A file without any is everyone's on this machine; a
//! demonstration has a guest who may look. Sessions are in memory; their token is in a cookie
//! that scripts can't read and other sites can't send.

mod accounts;
mod attempts;
mod factor;
mod factor_routes;
mod gate;
mod key;
mod oidc;
mod password;
mod places;
mod rates;
mod routes;
mod sessions;
mod settings;

use std::{
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use chrono::{TimeDelta, Utc};
use tokio::sync::Semaphore;
use yizhangtu_data::{
    seal::Keys,
    store::{Account, Act, ApiKey, GeoPackage, StoreError},
};

pub(crate) use accounts::described;
pub(crate) use gate::gate;
pub(crate) use key::{hashed as key_hash, made as made_key};
pub(crate) use oidc::{OidcSettings, Provider};
pub(crate) use password::{fault, hash, is_public, made};
pub(crate) use places::place_name;
pub(crate) use routes::{read as small_body, routes};
pub(crate) use settings::{ExportLimits, LIMITS, Settings};

use self::{
    attempts::Attempts,
    factor::Factors,
    rates::Rates,
    sessions::{Begun, Device, Session, Sessions},
};
use crate::{
    http::{Config, Problem},
    office,
    policy::{Pass, Rights, Role, Viewer, Who},
};

/// How often the file is asked whether somebody changed an account.
const EVERY: Duration = Duration::from_millis(500);

/// The user that stands for whoever has not signed in to a demonstration.
const GUEST: &str = "guest";

/// The accounts as they were when last looked at.
#[derive(Debug, Default)]
struct Accounts {
    by_user: HashMap<String, Arc<Account>>,
    /// Keys of programs by their hash.
    keys: HashMap<String, ApiKey>,
}

impl Accounts {
    fn read(store: &GeoPackage) -> Result<Self, StoreError> {
        let accounts = store.accounts()?.into_iter();
        Ok(Self {
            by_user: accounts
                .map(|account| (account.user.to_lowercase(), Arc::new(account)))
                .collect(),
            keys: (store.api_keys()?.into_iter())
                .map(|key| (key.hash.clone(), key))
                .collect(),
        })
    }

    fn get(&self, user: &str) -> Option<&Arc<Account>> {
        self.by_user.get(&user.to_lowercase())
    }
}

/// Who may ask, and who is signed in.
pub(crate) struct Identity {
    /// Writes what changes of accounts; none where the file is only read.
    writer: Option<Mutex<GeoPackage>>,
    /// Whether it writes no more, because the file was found damaged.
    closed: AtomicBool,
    accounts: ArcSwap<Accounts>,
    rights: ArcSwap<Rights>,
    /// Goes up whenever somebody's rights may have changed.
    changed: AtomicU64,
    sessions: Sessions,
    attempts: Attempts,
    factors: Factors,
    rates: Rates,
    /// What secrets are sealed with.
    keys: Arc<Keys>,
    /// Hashing takes 19 MiB: only so many at once.
    hashing: Semaphore,
    /// Whether the data are invented, so that a guest may look.
    synthetic: bool,
    /// Whether the service is reached by TLS alone.
    secure: bool,
    /// The customer's own identity provider.
    provider: Option<Arc<Provider>>,
    /// Who is on the way there and back.
    pending: oidc::Pending,
    /// The file.
    path: PathBuf,
}

/// Why somebody was not let in.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// The user or the password is wrong, or the account is locked or was not used for long:
    /// which, is not told.
    Wrong,
    /// Too many failures; wait so long.
    Wait(Duration),
}

/// Somebody who signed in.
struct SignedIn {
    token: String,
    viewer: Viewer,
}

impl Identity {
    /// The accounts of a file, followed as long as this lives.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn following(store: &GeoPackage, config: &Config) -> Result<Arc<Self>, StoreError> {
        let reader = store.reader()?;
        let seen = reader.data_version()?;
        let writer = if config.read_only || !store.is_own() {
            None
        } else {
            Some(Mutex::new(store.writer()?))
        };
        let identity = Arc::new(Self {
            writer,
            accounts: ArcSwap::from_pointee(Accounts::read(store)?),
            rights: ArcSwap::new(in_force(store)?),
            closed: AtomicBool::new(false),
            changed: AtomicU64::default(),
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            factors: Factors::default(),
            rates: Rates::default(),
            keys: Arc::clone(store.keys()),
            hashing: Semaphore::new(2),
            synthetic: store.about().synthetic,
            secure: config.secure,
            provider: config.oidc.clone(),
            pending: oidc::Pending::default(),
            path: store.path().to_path_buf(),
        });
        let watched = Arc::downgrade(&identity);
        let watcher = thread::Builder::new().name("accounts".to_owned());
        if let Err(error) = watcher.spawn(move || follow(&watched, &reader, seen)) {
            tracing::error!(%error, "changes to accounts will not be seen until the next start");
        }
        Ok(identity)
    }

    /// The rights in force.
    pub(crate) fn rights(&self) -> Arc<Rights> {
        self.rights.load_full()
    }

    /// Puts a matrix in force that was written; at once for everybody, open streams too.
    pub(crate) fn put_in_force(&self, rights: Rights) {
        self.rights.store(Arc::new(rights));
        self.changed.fetch_add(1, Ordering::Release);
    }

    /// Writes nothing from now on, as where the file is only read.
    pub(crate) fn stop_writing(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Says that rules which sessions and rights depend on have another version.
    pub(crate) fn rules_moved(&self) {
        self.changed.fetch_add(1, Ordering::Release);
    }

    /// A number that goes up whenever somebody's rights may have changed.
    pub(crate) fn moment(&self) -> u64 {
        self.changed.load(Ordering::Acquire)
    }

    /// Somebody as they are now who was let in before; none where they would not be again.
    /// For what goes on long after it was asked for; it keeps no session awake.
    pub(crate) fn again(&self, viewer: &Viewer) -> Option<Viewer> {
        let now = match viewer.pass() {
            Pass::None => self.unnamed(),
            Pass::Session(hash) => {
                let session =
                    (self.sessions).peek(hash, &Settings::usual().session, Instant::now())?;
                let account = self.account(&session.user).filter(|own| !own.locked)?;
                Some(self.viewer(&account, &session))
            }
            Pass::Key(hash) => self.by_hash(hash),
        };
        Some(now?.from(viewer.address()).by(viewer.pass().clone()))
    }

    /// Whether the file has accounts that somebody can sign in with.
    pub(crate) fn has_accounts(&self) -> bool {
        !self.accounts.load().by_user.is_empty()
    }

    /// Who asks without saying who: everyone on this machine where there are no accounts, the
    /// guest of a demonstration, or nobody.
    fn unnamed(&self) -> Option<Viewer> {
        let accounts = self.accounts.load();
        let role = if accounts.by_user.is_empty() {
            "local"
        } else {
            let guest = accounts.get(GUEST);
            if !self.synthetic || guest.is_none_or(|guest| guest.locked) {
                return None;
            }
            "guest"
        };
        let who = Who::unnamed(&self.rights.load(), role);
        who.role.is_some().then(|| Viewer::new(Arc::new(who)))
    }

    /// The viewer of a session's token, as the account is now.
    fn by_token(&self, token: &str) -> Option<Viewer> {
        let session = (self.sessions).find(token, &Settings::usual().session, Instant::now())?;
        let accounts = self.accounts.load();
        let account = accounts.get(&session.user)?;
        if account.locked {
            return None;
        }
        let pass = Pass::Session(sessions::hash(token));
        Some(self.viewer(account, &session).by(pass))
    }

    /// Whether a token is of a session whose account was locked or taken away: what its device
    /// keeps is to be wiped there. That of a session that only ended is not.
    fn is_revoked(&self, token: &str) -> bool {
        let user = self.sessions.whose(token);
        user.is_some_and(|user| {
            let accounts = self.accounts.load();
            accounts.get(&user).is_none_or(|account| account.locked)
        })
    }

    /// The viewer of a program's key: its account, within the key's scope.
    fn by_key(&self, key: &str) -> Option<Viewer> {
        let hash = key::hashed(key);
        let viewer = self.by_hash(&hash)?;
        Some(viewer.by(Pass::Key(hash.into())))
    }

    fn by_hash(&self, hash: &str) -> Option<Viewer> {
        let accounts = self.accounts.load();
        let key = accounts.keys.get(hash)?;
        if key.revoked_at.is_some() || key.expires_at <= Utc::now() {
            return None;
        }
        let account = accounts.get(&key.user).filter(|account| !account.locked)?;
        let who = Who::of(&self.rights.load(), account, key.scope.clone());
        Some(Viewer::new(Arc::new(who)))
    }

    fn viewer(&self, account: &Account, session: &Session) -> Viewer {
        let mut who = Who::of(&self.rights.load(), account, Vec::new());
        who.second_factor = session.second_factor;
        let rule = &Settings::usual().second_factor;
        let asked = rule.required && (rule.shared_accounts || !self.is_shared(account));
        who.lacks_factor = asked && !session.second_factor;
        // A password is nothing to whoever signs in elsewhere.
        who.must_change = !session.by_provider && self.must_change(account);
        Viewer::new(Arc::new(who))
    }

    /// Whether a new password is due: by an administrator's wish or by age. A demonstration's
    /// is public and stays.
    fn must_change(&self, account: &Account) -> bool {
        if self.is_shared(account) {
            return false;
        }
        let greatest = TimeDelta::days(Settings::usual().password.greatest_age_days);
        let old = (account.password_changed_at).is_none_or(|at| Utc::now() - at > greatest);
        account.must_change || old
    }

    /// Whether it is an account of a demonstration that everyone knows the password of.
    fn is_shared(&self, account: &Account) -> bool {
        self.synthetic && account.password.as_deref() == Some(yizhangtu_data::demo::PASSWORD_HASH)
    }

    /// As [`Identity::is_shared`], by the user.
    fn is_shared_user(&self, user: &str) -> bool {
        self.account(user)
            .is_some_and(|account| self.is_shared(&account))
    }

    /// What an account would see, for whoever answers for rights; nobody asks as it.
    pub(crate) fn as_if(&self, user: &str) -> Option<(Arc<Account>, Viewer)> {
        let account = self.account(user)?;
        let who = Who::of(&self.rights.load(), &account, Vec::new());
        Some((account, Viewer::new(Arc::new(who))))
    }

    /// Whether a user is one of those who report, and whose name is for intake only.
    pub(crate) fn reports(&self, user: &str) -> bool {
        let account = self.account(user);
        account.is_some_and(|account| {
            let rights = self.rights.load();
            rights.role(&account.role).is_some_and(|role| role.reports)
        })
    }

    /// The author of a change as a viewer is told: none where it is somebody who reported and
    /// the viewer neither takes reports in nor is that person.
    pub(crate) fn author<'a>(&self, viewer: &Viewer, author: Option<&'a str>) -> Option<&'a str> {
        let role = viewer.who().role.as_ref();
        let knows = role.is_some_and(|role| role.intake || role.id == "local");
        author.filter(|author| knows || viewer.author() == *author || !self.reports(author))
    }

    /// The account of a user.
    fn account(&self, user: &str) -> Option<Arc<Account>> {
        self.accounts.load().get(user).cloned()
    }

    /// Whether a user has set a second factor up.
    fn is_enrolled(&self, user: &str) -> bool {
        self.account(user)
            .is_some_and(|account| account.totp.is_some())
    }

    /// Marks a session as one that a one-time code was given in; gives its new token.
    fn raise(&self, token: &str) -> Option<String> {
        (self.sessions).raise(token, &Settings::usual().session, Instant::now())
    }

    /// The accounts whose password is public, in their order, with their roles.
    fn shared(&self) -> Vec<(String, Arc<Role>)> {
        let accounts = self.accounts.load();
        let rights = self.rights.load();
        (rights.roles.iter())
            .flat_map(|role| {
                let mut own: Vec<_> = (accounts.by_user.values())
                    .filter(|account| account.role == role.id && !account.locked)
                    .filter(|account| self.is_shared(account))
                    .map(|account| (account.user.clone(), Arc::clone(role)))
                    .collect();
                own.sort_by(|one, other| one.0.cmp(&other.0));
                own
            })
            .collect()
    }

    /// Signs somebody in.
    async fn sign_in(
        &self,
        user: &str,
        password: String,
        address: Option<IpAddr>,
        agent: &str,
    ) -> Result<SignedIn, Refusal> {
        let (limits, now) = (&Settings::usual().lockout, Instant::now());
        if let Some(wait) = self.attempts.wait(user, address, limits, now) {
            return Err(Refusal::Wait(wait));
        }
        let account = self.accounts.load().get(user).cloned();
        let hash = account
            .as_ref()
            .and_then(|account| account.password.clone());
        let fits = self.verified(password, hash).await;
        let account = account.filter(|account| fits && !account.locked && !self.is_unused(account));
        let Some(account) = account else {
            self.attempts.failed(user, address, limits, now);
            return Err(Refusal::Wrong);
        };
        self.attempts.succeeded(user);
        let begun = self.begin(&account, agent, None);
        begun.ok_or(Refusal::Wrong)
    }

    /// Signs somebody in whom the identity provider named; none where there is no such account
    /// in use.
    fn sign_in_as(&self, user: &str, second_factor: bool, agent: &str) -> Option<SignedIn> {
        let account = self.account(user)?;
        let used = !account.locked && !self.is_unused(&account) && !self.is_shared(&account);
        used.then(|| self.begin(&account, agent, Some(second_factor)))?
    }

    /// Begins a session of an account: of one whom the provider named, with whether it asked
    /// for a second factor.
    fn begin(&self, account: &Account, agent: &str, provider: Option<bool>) -> Option<SignedIn> {
        let rights = self.rights.load();
        let role = rights.role(&account.role);
        let begun = Begun {
            user: &account.user,
            device: Device::of(agent),
            administrator: role.is_some_and(|role| role.is_administrator()),
            second_factor: provider == Some(true),
            by_provider: provider.is_some(),
            shared: self.is_shared(account),
        };
        let token = (self.sessions).begin(&begun, &Settings::usual().session, Instant::now());
        self.note_login(account);
        let viewer = self.by_token(&token)?;
        Some(SignedIn { token, viewer })
    }

    /// The customer's own identity provider, where there is one.
    fn oidc(&self) -> Option<&Arc<Provider>> {
        self.provider.as_ref()
    }

    async fn verified(&self, password: String, hash: Option<String>) -> bool {
        let Ok(_turn) = self.hashing.acquire().await else {
            return false;
        };
        let verified =
            tokio::task::spawn_blocking(move || password::verify(&password, hash.as_deref()));
        verified.await.unwrap_or(false)
    }

    fn is_unused(&self, account: &Account) -> bool {
        let used = account
            .last_login_at
            .into_iter()
            .chain(account.password_changed_at)
            .max()
            .unwrap_or(account.created_at);
        let most = TimeDelta::days(Settings::usual().account.unused_days);
        !self.is_shared(account) && Utc::now() - used > most
    }

    /// Writes when an account was last used. A demonstration's accounts are everyone's, and a
    /// file that is only read keeps no record: neither keeps anybody out.
    fn note_login(&self, account: &Account) {
        if self.is_shared(account) || self.writer.is_none() {
            return;
        }
        let noted = self.change(&account.user, |account| {
            account.last_login_at = Some(Utc::now());
        });
        if let Err(error) = noted {
            tracing::warn!(%error, "when an account was last used could not be written");
        }
    }

    /// Sets a new password that its owner chose.
    ///
    /// # Errors
    /// What is wrong with it, or what the store says.
    async fn set_password(&self, account: &Account, new: String) -> Result<(), PasswordRefusal> {
        let rules = &Settings::usual().password;
        if let Some(fault) = password::fault(&new, &account.user, rules) {
            return Err(PasswordRefusal::Fault(fault));
        }
        let former = (account.password.iter())
            .chain(&account.former_passwords)
            .take(rules.former)
            .cloned();
        for hash in former.collect::<Vec<_>>() {
            if self.verified(new.clone(), Some(hash)).await {
                return Err(PasswordRefusal::Fault(format!(
                    "不能用最近 {count} 次用过的口令 / not one of the last {count} passwords",
                    count = rules.former
                )));
            }
        }
        let hash = tokio::task::spawn_blocking(move || password::hash(&new)).await;
        let hash = hash.map_err(|error| PasswordRefusal::Store(error.to_string()))?;
        let changed = self.change(&account.user, |account| {
            renew(account, hash.clone(), rules.former);
            account.must_change = false;
        });
        changed.map_err(|error| PasswordRefusal::Store(error.to_string()))
    }

    /// Changes an account in the file, and shows it at once.
    fn change(&self, user: &str, change: impl Fn(&mut Account)) -> Result<(), StoreError> {
        let Some(writer) = self.writer() else {
            return Ok(());
        };
        if let Some(mut account) = writer.account(user)? {
            change(&mut account);
            writer.save_account(&account)?;
        }
        self.show(Accounts::read(&writer)?);
        Ok(())
    }

    /// Writes an account, and shows it at once.
    ///
    /// # Errors
    /// When the file is only read or can't be written.
    fn save(&self, account: &Account) -> Result<(), Problem> {
        let writer = self.writer().ok_or_else(Problem::read_only)?;
        writer.save_account(account).map_err(Problem::internal)?;
        self.show(Accounts::read(&writer).map_err(Problem::internal)?);
        Ok(())
    }

    fn show(&self, accounts: Accounts) {
        self.accounts.store(Arc::new(accounts));
        self.changed.fetch_add(1, Ordering::Release);
    }

    /// Ends all sessions of a user but one, and so what is open in them.
    fn end_all(&self, user: &str, except: Option<&str>) {
        self.sessions.end_all(user, except);
        self.changed.fetch_add(1, Ordering::Release);
    }

    /// Ends the session of a token, and so what is open in it.
    fn end(&self, token: &str) {
        self.sessions.end(token);
        self.changed.fetch_add(1, Ordering::Release);
    }

    /// Writes an act to the audit log.
    ///
    /// # Errors
    /// When the file is only read or can't be written.
    pub(crate) fn log(&self, act: Act) -> Result<(), StoreError> {
        let writer = self.writer().ok_or_else(|| StoreError::ReadOnly {
            path: self.path.clone(),
        })?;
        writer.log(act).map(drop)
    }

    /// Writes beside the accounts what is about people at work and not about the map.
    ///
    /// # Errors
    /// 403 where the file is only read; 500 where it can't be written.
    pub(crate) fn write<T>(
        &self,
        write: impl FnOnce(&GeoPackage) -> Result<T, StoreError>,
    ) -> Result<T, Problem> {
        let writer = self.writer().ok_or_else(Problem::read_only)?;
        write(&writer).map_err(Problem::internal)
    }

    fn writer(&self) -> Option<MutexGuard<'_, GeoPackage>> {
        let open = !self.closed.load(Ordering::Acquire);
        let writer = self.writer.as_ref().filter(|_| open)?;
        Some(writer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The matrix in force: the latest that the office made, or the one that the program comes
/// with. One that this program can't read any more gives way to the latter, and says so.
fn in_force(store: &GeoPackage) -> Result<Arc<Rights>, StoreError> {
    let Some(own) = store.office_versions("rights", 1)?.pop() else {
        return Ok(Rights::default_matrix());
    };
    Ok(Rights::read(&own.document).map_or_else(
        |error| {
            let number = own.number;
            tracing::error!(number, %error, "the office's matrix of rights can't be read; the program's own is in force");
            Rights::default_matrix()
        },
        Arc::new,
    ))
}

/// Why a new password was not set.
enum PasswordRefusal {
    Fault(String),
    Store(String),
}

/// Gives an account a new hash, and keeps the old one so that it is not taken again.
pub(crate) fn renew(account: &mut Account, hash: String, former: usize) {
    if let Some(old) = account.password.replace(hash) {
        account.former_passwords.insert(0, old);
    }
    account.former_passwords.truncate(former);
    account.password_changed_at = Some(Utc::now());
}

/// Looks again whenever the file changed: the command line may have locked an account.
fn follow(identity: &Weak<Identity>, reader: &GeoPackage, mut seen: i64) {
    loop {
        thread::sleep(EVERY);
        let Some(identity) = identity.upgrade() else {
            return;
        };
        let looked = reader.data_version().and_then(|version| {
            if seen != version {
                identity.show(Accounts::read(reader)?);
                let written = in_force(reader)?;
                if written.version != identity.rights.load().version {
                    identity.rights.store(written);
                }
                office::follow(reader)?;
                seen = version;
            }
            Ok(())
        });
        if let Err(error) = looked {
            tracing::warn!(%error, "the accounts could not be read yet");
        }
    }
}
