//! Keys and what is done with them.

use std::{fmt, io, path::PathBuf};

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::MARK;

/// Bytes of a nonce.
const NONCE: usize = 12;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file of keys cannot be read or written.
    #[error("密钥文件 {path}：{source}，请检查路径与权限 / the key file: {source}; check its path and permissions", path = path.display())]
    File {
        /// Where it is, or is not.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The command that gives the keys failed.
    #[error(
        "取密钥的命令失败（{detail}），请检查 YIZHANGTU_KEY_COMMAND / the command that gives the keys failed ({detail}); check YIZHANGTU_KEY_COMMAND"
    )]
    Command {
        /// What it ended with.
        detail: String,
    },
    /// What the source holds are no keys. The words never quote it.
    #[error(
        "{source_name} 里不是本程序的密钥，请用 yizhangtu key make 生成 / {source_name} holds no keys of this program; make some with yizhangtu key make"
    )]
    Unreadable {
        /// Where it was read from.
        source_name: String,
    },
    /// More than one source is named.
    #[error(
        "YIZHANGTU_KEY、YIZHANGTU_KEY_FILE、YIZHANGTU_KEY_COMMAND 只能设置一个 / set only one of YIZHANGTU_KEY, YIZHANGTU_KEY_FILE and YIZHANGTU_KEY_COMMAND"
    )]
    TwoSources,
    /// There is no source of randomness.
    #[error("系统没有随机数，无法生成密钥 / the system has no randomness to make a key of")]
    Random,
}

/// One key. It is never shown.
#[derive(Clone)]
struct Key {
    name: String,
    cipher: Aes256Gcm,
    nonces: [u8; 32],
    /// As it is written.
    secret: [u8; 32],
}

/// The keys: the first seals, all open.
#[derive(Clone, Default)]
pub struct Ring {
    keys: Vec<Key>,
}

/// The keys as they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    keys: Vec<WrittenKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    name: String,
    secret: String,
}

const HEAD: &str = "\
# 一张图的密钥：第一把用于加密，其余只用于解密。请在另一处保存副本，丢失后证件号和电话无法恢复。
# Keys of yizhangtu: the first seals, the others only open. Keep a copy in another place:
# without it identity numbers and telephones are lost.
";

impl fmt::Debug for Ring {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_list().entries(self.names()).finish()
    }
}

impl Ring {
    /// One new key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn made() -> Result<Self, KeyError> {
        Self::default().with_new()
    }

    /// The same with a new key in front, which seals from now on.
    ///
    /// # Errors
    /// As [`Ring::made`].
    pub fn with_new(mut self) -> Result<Self, KeyError> {
        let (mut secret, mut mark) = ([0; 32], [0; 3]);
        getrandom::fill(&mut secret).map_err(|_| KeyError::Random)?;
        getrandom::fill(&mut mark).map_err(|_| KeyError::Random)?;
        let name = format!(
            "{}{:02x}{:02x}{:02x}",
            chrono::Utc::now().format("%Y%m%d"),
            mark[0],
            mark[1],
            mark[2]
        );
        self.keys.insert(0, Key::new(name, secret));
        Ok(self)
    }

    /// Reads keys as [`Ring::to_text`] writes them.
    pub fn parse(text: &str) -> Option<Self> {
        let written: Written = toml::from_str(text).ok()?;
        let keys = written.keys.into_iter().map(|key| {
            let plain =
                !key.name.is_empty() && key.name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let secret = BASE64
                .decode(key.secret.trim().trim_end_matches('='))
                .ok()?;
            plain.then_some(Key::new(key.name, secret.try_into().ok()?))
        });
        let keys: Vec<Key> = keys.collect::<Option<_>>()?;
        (!keys.is_empty()).then_some(Self { keys })
    }

    /// The keys as their file has them.
    pub fn to_text(&self) -> String {
        let keys = self.keys.iter().map(|key| {
            let secret = BASE64.encode(key.secret);
            format!(
                "\n[[keys]]\nname = \"{}\"\nsecret = \"{secret}\"\n",
                key.name
            )
        });
        std::iter::once(HEAD.to_owned()).chain(keys).collect()
    }

    /// The name of the key that seals; none where there is no key.
    pub fn current(&self) -> Option<&str> {
        self.names().next()
    }

    /// The keys' names, the one that seals first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// What proves the secret of each key without telling it.
    pub(super) fn proofs(&self) -> impl Iterator<Item = [u8; 32]> {
        (self.keys.iter()).map(|key| keyed(&key.secret, &["yizhangtu proof", &key.name]))
    }

    pub(super) fn seal(&self, place: &str, text: &str) -> Option<String> {
        self.keys.first()?.seal(place, text)
    }

    pub(super) fn seal_by_each(&self, place: &str, text: &str) -> Vec<String> {
        (self.keys.iter())
            .filter_map(|key| key.seal(place, text))
            .collect()
    }

    pub(super) fn open(&self, place: &str, sealed: &str) -> Option<String> {
        let (name, data) = sealed.strip_prefix(MARK)?.split_once(':')?;
        let key = self.keys.iter().find(|key| key.name == name)?;
        key.open(place, data)
    }

    pub(super) fn fingerprint(&self, text: &str) -> Option<String> {
        // The oldest key: what was on record before a rotation is still recognised.
        let key = self.keys.last()?;
        let hash = keyed(&key.nonces, &["fingerprint", text]);
        Some(hash[..8].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Key {
    fn new(name: String, secret: [u8; 32]) -> Self {
        // One secret, one key for each use.
        let cipher = keyed(&secret, &["yizhangtu cipher"]);
        Self {
            name,
            cipher: Aes256Gcm::new(&cipher.into()),
            nonces: keyed(&secret, &["yizhangtu nonces"]),
            secret,
        }
    }

    fn seal(&self, place: &str, text: &str) -> Option<String> {
        let hash = keyed(&self.nonces, &[place, text]);
        let nonce: [u8; NONCE] = hash[..NONCE].try_into().ok()?;
        let payload = Payload {
            msg: text.as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        let data = BASE64.encode([&nonce[..], &sealed].concat());
        Some(format!("{MARK}{}:{data}", self.name))
    }

    fn open(&self, place: &str, data: &str) -> Option<String> {
        let data = BASE64.decode(data).ok()?;
        let (nonce, sealed) = data.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let open = self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()?;
        String::from_utf8(open).ok()
    }
}

/// HMAC-SHA-256 of some texts, told apart by a byte that stands in none of them.
fn keyed(key: &[u8; 32], texts: &[&str]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    for text in texts {
        mac.update(text.as_bytes());
        mac.update(&[0xff]);
    }
    mac.finalize().into_bytes().into()
}
