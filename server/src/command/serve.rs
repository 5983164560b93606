//! `yizhangtu serve`: the map over HTTP.

use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::serve::ListenerExt;
use chrono::Utc;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;

use yizhangtu_data::{
    demo,
    store::{Access, Account, GeoPackage, StoreError},
};

use super::{Failure, Output};
use crate::{
    atlas::base::{self, Scribe},
    basemap::{self, Basemaps, TiandituSettings},
    http::{self, App, Config, Passing, tls::TlsListener},
    identity::{self, OidcSettings, Provider, Settings},
};

/// 发布一张图 / serve the map
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// GeoPackage 文件；不给则生成并发布东华示范村 / the file; none: makes and serves the donghua demonstration
    file: Option<PathBuf>,
    /// 监听地址；端口 0 取空闲端口 / address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// 没有账户时建立三个管理员，口令只显示一次 / where there are no accounts, make three administrators; their passwords are shown once
    #[arg(long)]
    accounts: bool,
    /// 只读 / accept no changes
    #[arg(long)]
    read_only: bool,
    /// TLS 证书链（PEM）；与 --tls-key 一同给出即以 HTTPS 发布 / certificate chain (PEM): with --tls-key, served by HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// TLS 私钥（PEM） / its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// 可信的前置代理（地址或网段），采信其 X-Forwarded-For 与 X-Forwarded-Proto，可多次给出 / a proxy in front (address or net) that is believed whom it asks for; may be given again
    #[arg(long = "trust-proxy", value_name = "NET", value_parser = net)]
    proxies: Vec<IpNet>,
    /// 对外的地址，如 https://map.example.gov.cn；https 时 Cookie 只经 TLS 传送 / the address from outside; with https, cookies go over TLS alone
    #[arg(long, value_name = "URL", value_parser = outside)]
    public_url: Option<String>,
    /// 统一认证（OpenID Connect）的设置文件，见 docs/security.md / settings of an identity provider (OpenID Connect)
    #[arg(long, value_name = "FILE")]
    oidc: Option<PathBuf>,
    /// 每隔多少秒查看一次办理时限，超时的自动升级 / how often, in seconds, limits are looked at: what is late climbs by itself
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=3600))]
    clock: u64,
    /// 底图文件（PMTiles 或 MBTiles），可多次给出 / a base map file; may be given again
    #[arg(long = "basemap", value_name = "FILE")]
    basemaps: Vec<PathBuf>,
    /// 天地图密钥，也可用环境变量 YIZHANGTU_TIANDITU_KEY / key of the 天地图 service, or that variable
    #[arg(long, value_name = "KEY")]
    tianditu_key: Option<String>,
    /// 天地图或其省级节点的地址，{s} 为 0–7 / address of 天地图 or a provincial mirror, {s} a number 0 to 7
    #[arg(long, value_name = "URL", default_value = basemap::NATIONAL_HOST)]
    tianditu_host: String,
    /// 天地图图层 / layers of 天地图
    #[arg(long, value_name = "NAMES", default_value = basemap::USUAL_LAYERS)]
    tianditu_layers: String,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    log();
    let Opened {
        store,
        read_only,
        damage,
        unchecked,
    } = open(&arguments, output)?;
    refuse_without_key(&store)?;
    if !read_only {
        Passing::clear(store.path())?;
    }
    if arguments.accounts {
        make_administrators(&store)?;
    }
    let access = Accounts::of(&store)?;
    access.refuse_open_address(arguments.listen)?;
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(
            http::tls::configured(certificate, key)
                .map_err(|error| Failure::Data(format!("--tls-cert, --tls-key：{error}")))?,
        ),
        _ => None,
    };
    let outside = arguments.public_url.as_deref();
    let config = Config {
        read_only,
        damage,
        secure: tls.is_some() || outside.is_some_and(|url| url.starts_with("https://")),
        public_url: arguments.public_url.clone(),
        proxies: arguments.proxies.clone(),
        oidc: provider(&arguments)?,
    };
    let tianditu = tianditu(&arguments)?;
    // Every listener to what happens is an open connection; systems start programs with 1,024.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the number of open connections could not be raised");
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let basemaps = Basemaps::open(&arguments.basemaps, tianditu.as_ref()).await?;
            let check = unchecked.then(|| store.reader()).transpose()?;
            // Asked before the file is read, as what it may not change while it is shown.
            let base = (!read_only)
                .then(|| Ok::<_, StoreError>((store.writer()?, store.schema_version()?)))
                .transpose()?;
            let app = App::new(config, store, basemaps)?;
            let faults = crate::process::faults(app.catalog(), &app.identity().rights());
            if !faults.is_empty() {
                return Err(Failure::Data(faults.join("\n")));
            }
            crate::process::start(app.clone(), Duration::from_secs(arguments.clock));
            if let Some(store) = check {
                let app = app.clone();
                std::thread::spawn(move || check_beside(&store, &app));
            }
            let scribe = base
                .map(|(store, schema)| {
                    let damage = Arc::clone(app.damage());
                    let sound = move || damage.get().is_none();
                    Scribe::start(store, schema, Arc::clone(app.atlas()), sound)
                })
                .transpose()?;
            let served = listen(app, arguments.listen, tls, access).await;
            if let Some(scribe) = scribe {
                scribe.stop();
            }
            served
        })
}

/// A net of addresses, or one address.
fn net(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<IpAddr>().map(IpNet::from);
    one.or_else(|_| text.parse())
        .map_err(|_| "应为地址或网段，如 10.0.0.5 或 10.0.0.0/8 / an address or a net, such as 10.0.0.5 or 10.0.0.0/8".to_owned())
}

/// The address from outside.
fn outside(text: &str) -> Result<String, String> {
    let plain = text.starts_with("https://") || text.starts_with("http://");
    let bare = !text.contains(['?', '#', ' ']);
    if plain && bare {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err("应如 https://map.example.gov.cn / such as https://map.example.gov.cn".to_owned())
}

/// The identity provider, where one was given.
fn provider(arguments: &Arguments) -> Result<Option<Arc<Provider>>, Failure> {
    let Some(path) = &arguments.oidc else {
        return Ok(None);
    };
    let provider = OidcSettings::read(path).and_then(Provider::new);
    let provider = provider.map_err(|error| Failure::Data(format!("--oidc {error}")))?;
    Ok(Some(Arc::new(provider)))
}

/// 天地图, where a key was given: by the command line or the environment.
fn tianditu(arguments: &Arguments) -> Result<Option<TiandituSettings>, Failure> {
    // Other users of the machine can read a command line, but not the environment.
    let key = (arguments.tianditu_key.clone())
        .or_else(|| std::env::var("YIZHANGTU_TIANDITU_KEY").ok())
        .filter(|key| !key.is_empty());
    let Some(key) = key else { return Ok(None) };
    let layers = TiandituSettings::layers_of(&arguments.tianditu_layers).ok_or_else(|| {
        Failure::Usage(format!(
            "--tianditu-layers {names}：请写图层名，以逗号分隔，如 vec,cva \
             / write names of layers with commas between, such as vec,cva",
            names = arguments.tianditu_layers
        ))
    })?;
    Ok(Some(TiandituSettings {
        key,
        host: arguments.tianditu_host.clone(),
        layers,
    }))
}

/// The file to serve.
struct Opened {
    store: GeoPackage,
    /// Whether it is only read: by wish, because another program made it or is writing it, or
    /// because its disk does not let it be written.
    read_only: bool,
    /// What is damaged in it, where it was looked at.
    damage: Option<String>,
    /// Whether it is still to be looked at for damage. The map comes from what is kept beside
    /// it then, and is shown meanwhile.
    unchecked: bool,
}

fn open(arguments: &Arguments, output: Output) -> Result<Opened, Failure> {
    let path = match &arguments.file {
        Some(path) => path.clone(),
        None => demonstration(output)?,
    };
    let catalog = super::catalog();
    let mut damage = None;
    if !arguments.read_only {
        match GeoPackage::open(&path, &catalog, Access::ReadWrite) {
            Ok(store) => {
                if let Some(kept) = store.kept_before_upgrade() {
                    say(&format!(
                        "文件已升级到本程序的版本与图层目录，升级前的副本：{kept} / the file was brought to this program's version and catalog; a copy of it as it was: {kept}",
                        kept = kept.display()
                    ));
                }
                let unchecked = base::fits(&store);
                if !unchecked {
                    damage = damage_told(&store)?;
                }
                if damage.is_none() {
                    return Ok(Opened {
                        read_only: !store.is_own(),
                        store,
                        damage,
                        unchecked,
                    });
                }
            }
            Err(StoreError::ReadOnly { .. } | StoreError::Foreign { .. }) => {}
            // Who writes does not hold up who reads, unless it keeps the whole file to itself:
            // then this fails as well and says so.
            Err(StoreError::Locked { .. }) => {
                let store = GeoPackage::open(&path, &catalog, Access::ReadOnly)?;
                say(&format!(
                    "{file}：其他程序正在写入此文件，只读发布；该程序结束后请重新启动 \
                     / another program is writing the file, which is served read-only; start again when that program has ended",
                    file = path.display()
                ));
                return Ok(Opened {
                    store,
                    read_only: true,
                    damage,
                    unchecked: false,
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    let store = GeoPackage::open(&path, &catalog, Access::ReadOnly)?;
    // Who may write was looked at above.
    let unchecked = arguments.read_only && base::fits(&store);
    if arguments.read_only && !unchecked {
        damage = damage_told(&store)?;
    }
    Ok(Opened {
        store,
        read_only: true,
        damage,
        unchecked,
    })
}

/// Looks for damage while the map is served; where there is some, nothing more is written.
fn check_beside(store: &GeoPackage, app: &App) {
    // It reads the whole file: who asks the service meanwhile comes first. On Linux each thread
    // has a priority of its own.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 19) {
        tracing::debug!(%error, "the check for damage runs as everything else");
    }
    match damage_told(store) {
        Ok(None) => {}
        Ok(Some(what)) => app.found_damaged(what),
        Err(error) => tracing::error!(%error, "the file could not be looked at for damage"),
    }
}

/// Refuses a file whose key is not at hand: its numbers would be read as nothing, and nobody
/// would notice until somebody is to be called.
fn refuse_without_key(store: &GeoPackage) -> Result<(), Failure> {
    match store.missing_key()? {
        None => Ok(()),
        Some(key) => Err(Failure::Data(format!(
            "{file}：证件号和电话已用密钥 {key} 加密，而密钥不在；请设置环境变量 YIZHANGTU_KEY_FILE 指向密钥文件              / identity numbers and telephones are sealed under the key {key}, which is not here; name the file of keys in YIZHANGTU_KEY_FILE",
            file = store.path().display()
        ))),
    }
}

/// What is damaged in a file first of all, told to whoever started the service. What can still be
/// read is served; writing into it would spread the damage.
fn damage_told(store: &GeoPackage) -> Result<Option<String>, StoreError> {
    let Some(first) = store.damage()?.into_iter().next() else {
        return Ok(None);
    };
    say(&format!(
        "{file}：文件已损坏（{first}），只读发布；请用 yizhangtu restore 恢复备份 \
         / the file is damaged ({first}) and is served read-only; restore a backup with yizhangtu restore",
        file = store.path().display()
    ));
    Ok(Some(first))
}

/// The file of the 东华 demonstration: the one made before, or a new one. It lies in the
/// working directory, or where that cannot be written, in the user's data folder.
fn demonstration(output: Output) -> Result<PathBuf, Failure> {
    const NAME: &str = "donghua.gpkg";
    let places: Vec<PathBuf> = std::iter::once(PathBuf::from("."))
        .chain(data_folder())
        .map(|folder| folder.join(NAME))
        .collect();
    if let Some(made) = places.iter().find(|place| place.exists()) {
        say(&format!(
            "使用已有的东华示范村（虚构数据）：{path} / serving the demonstration made before (synthetic): {path}",
            path = made.display()
        ));
        return Ok(made.clone());
    }
    let mut refused = None;
    for place in places {
        if let Some(folder) = place.parent() {
            // Where the folder cannot be made, making the file says why.
            let _ = std::fs::create_dir_all(folder);
        }
        say(&format!(
            "正在生成东华示范村（虚构数据）：{path} / making the donghua demonstration (synthetic): {path}",
            path = place.display()
        ));
        let report = super::demo::Report::new(output);
        let wish = demo::Wish {
            village: demo::Village::Donghua,
            seed: 1,
            scale: 1.0,
            days: PAST_DAYS,
        };
        let made = demo::make(wish, &place, false, &|progress| report.step(progress));
        report.finish();
        match made {
            Ok(_) => return Ok(place),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.map_or_else(
        || Failure::Usage("请给出 GeoPackage 文件 / give a GeoPackage file".to_owned()),
        Failure::from,
    ))
}

/// Days of the past that the demonstration which is made by itself can look back at.
const PAST_DAYS: u32 = 60;

/// The user's data folder, as the XDG base directory rules have it.
fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".local/share")))?;
    Some(folder.join("yizhangtu"))
}

/// Says something to whoever started the service; standard output begins with the address.
fn say(words: &str) {
    // Where standard error is closed, the service still serves.
    let _ = writeln!(io::stderr(), "{words}");
}

/// Logs to standard error what `YIZHANGTU_LOG` asks for; warnings where it asks for nothing.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("YIZHANGTU_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,yizhangtu=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}

/// How the accounts of a file keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accounts {
    /// There are none: everyone who reaches the service has full rights.
    None,
    /// Somebody may look without signing in, or a password is public: a demonstration.
    Public,
    /// Each has a password of its own.
    Own,
}

impl Accounts {
    fn of(store: &GeoPackage) -> Result<Self, StoreError> {
        let accounts = store.accounts()?;
        if accounts.is_empty() {
            return Ok(Self::None);
        }
        let open = accounts
            .iter()
            .filter(|account| !account.locked)
            .any(|account| {
                account.role == "guest"
                    || account.password.as_deref().is_some_and(identity::is_public)
            });
        Ok(if open { Self::Public } else { Self::Own })
    }

    /// What a service that anyone may use says when it starts.
    fn notice(self) -> &'static str {
        match self {
            Self::None => {
                "此文件没有账户：只在本机发布，本机用户有全部权限，个人信息默认遮盖；按 Ctrl-C 停止 \
                 / no accounts in this file: served on this machine only, whose users have full rights; personal data masked; Ctrl-C stops"
            }
            Self::Public => {
                "演示账户，口令 yizhangtu-demo：只在本机发布；按 Ctrl-C 停止 \
                 / accounts of a demonstration, password yizhangtu-demo: served on this machine only; Ctrl-C stops"
            }
            Self::Own => "须登录后使用；按 Ctrl-C 停止 / users sign in; Ctrl-C stops",
        }
    }

    /// Only this machine may ask where anyone may.
    fn refuse_open_address(self, address: SocketAddr) -> Result<(), Failure> {
        if address.ip().is_loopback() {
            return Ok(());
        }
        let port = address.port();
        match self {
            Self::Own => Ok(()),
            Self::None => Err(Failure::Usage(format!(
                "--listen {address}：此文件没有账户，只能在本机地址上发布，请改用 127.0.0.1:{port}，或加 --accounts 建立管理员 \
                 / this file has no accounts and is served on loopback only; use 127.0.0.1:{port}, or --accounts to make administrators",
            ))),
            Self::Public => Err(Failure::Usage(format!(
                "--listen {address}：有演示账户仍用公开口令，或访客未停用，只能在本机地址上发布；请用 yizhangtu user passwd、user lock 修改，或改用 127.0.0.1:{port} \
                 / accounts still have the public password or the guest is not locked, so it is served on loopback only; see yizhangtu user passwd and user lock, or use 127.0.0.1:{port}",
            ))),
        }
    }
}

/// Makes one account for each of the three separated administrators, with names that nobody
/// guesses, and shows their passwords once.
fn make_administrators(store: &GeoPackage) -> Result<(), Failure> {
    if !store.accounts()?.is_empty() {
        return Ok(());
    }
    let rules = &Settings::usual().password;
    say(
        "已建立三个管理员，口令只显示这一次，首次登录须修改 / made three administrators; the passwords are shown this once and are to be changed at the first sign-in:",
    );
    for role in ["system_admin", "security_admin", "auditor"] {
        let password = identity::made(rules);
        let ending: String = identity::made(rules).chars().take(5).collect();
        let user = format!("{role}-{}", ending.to_lowercase());
        let mut account = Account::new(&user, role, Utc::now());
        identity::renew(&mut account, identity::hash(&password), rules.former());
        account.must_change = true;
        store.save_account(&account)?;
        say(&format!("  {user}  {password}"));
    }
    Ok(())
}

async fn listen(
    app: App,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    access: Accounts,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::Data(format!(
            "--listen {address}：无法监听，端口可能已被占用，请换一个 \
             / cannot listen; the port may be taken, choose another: {error}"
        ))
    })?;
    let address = listener.local_addr()?;
    let warmed = app.clone();
    std::thread::spawn(move || warmed.search().warm(&warmed));
    let hub = app.hub().clone();
    let service = http::service(app);
    // Whoever reads the line below may ask for a stop at once.
    let asked = asked_to_stop()?;
    let stopped = async move {
        asked.await;
        // Streams have no end of their own.
        hub.close();
    };
    // The socket is bound, so whoever reads this line is answered.
    let mut out = io::stdout();
    let scheme = if tls.is_some() { "https" } else { "http" };
    writeln!(out, "listening on {scheme}://{address}")?;
    out.flush()?;
    say(access.notice());
    match tls {
        None => {
            // A streamed answer ends in a small packet, which must not wait 40 ms for the
            // receipt of the one before.
            let listener = listener.tap_io(|connection| {
                let _ = connection.set_nodelay(true);
            });
            http::connections::serve(listener, service, stopped).await;
        }
        Some(tls) => {
            let listener = TlsListener::new(listener, tls)?;
            http::connections::serve(listener, service, stopped).await;
        }
    }
    Ok(())
}

/// Waits for SIGINT or SIGTERM. Both are heard from the call on, not from when it is waited for.
#[cfg(unix)]
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_ask_where_anyone_may() {
        for access in [Accounts::None, Accounts::Public] {
            assert!(
                access
                    .refuse_open_address(([127, 0, 0, 1], 0).into())
                    .is_ok()
            );
            assert!(
                access
                    .refuse_open_address("[::1]:8080".parse().expect("an address"))
                    .is_ok()
            );
            let Err(Failure::Usage(message)) =
                access.refuse_open_address(([0, 0, 0, 0], 8080).into())
            else {
                panic!("an open address is a usage error");
            };
            assert!(message.contains("127.0.0.1:8080"), "{message}");
        }
        assert!(
            Accounts::Own
                .refuse_open_address(([0, 0, 0, 0], 8080).into())
                .is_ok()
        );
    }
}
