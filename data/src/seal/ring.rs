//! Keys and what is done with them.

use std::{fmt, io, path::PathBuf};

use aes_gcm::{
    Aes256Gcm, AesGcm, KeyInit, Nonce,
    aead::{Aead, Payload, consts::U12},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sm4::Sm4;

use super::MARK;
use crate::hexadecimal;

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

/// How a key seals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// AES with 256 bits in Galois/counter mode (NIST SP 800-38D).
    #[default]
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
    /// SM4 (国密 GB/T 32907-2016) in the same mode (RFC 8998).
    #[serde(rename = "sm4-gcm")]
    Sm4Gcm,
}

impl Algorithm {
    /// Each by its name.
    pub const ALL: [(&'static str, Self); 2] =
        [("aes-256-gcm", Self::Aes256Gcm), ("sm4-gcm", Self::Sm4Gcm)];

    /// Its name in a file of keys.
    pub fn name(self) -> &'static str {
        let own = Self::ALL.iter().find(|(_, own)| *own == self);
        own.map_or("", |(name, _)| name)
    }
}

impl std::str::FromStr for Algorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, own)| *own).ok_or_else(|| {
            format!(
                "“{text}”：可用 aes-256-gcm、sm4-gcm / “{text}”: there are aes-256-gcm and sm4-gcm"
            )
        })
    }
}

/// An algorithm with its key.
#[derive(Clone)]
pub(super) enum Cipher {
    Aes(Box<Aes256Gcm>),
    Sm4(Box<AesGcm<Sm4, U12>>),
}

impl Cipher {
    pub(super) fn new(algorithm: Algorithm, key: [u8; 32]) -> Self {
        match algorithm {
            Algorithm::Aes256Gcm => Self::Aes(Box::new(Aes256Gcm::new(&key.into()))),
            Algorithm::Sm4Gcm => {
                // SM4 has keys of 128 bits.
                let mut short = [0; 16];
                short.copy_from_slice(&key[..16]);
                Self::Sm4(Box::new(AesGcm::new(&short.into())))
            }
        }
    }

    pub(super) fn seal(&self, nonce: [u8; NONCE], msg: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let (nonce, payload) = (Nonce::from(nonce), Payload { msg, aad });
        match self {
            Self::Aes(own) => own.encrypt(&nonce, payload),
            Self::Sm4(own) => own.encrypt(&nonce, payload),
        }
        .ok()
    }

    pub(super) fn open(&self, nonce: [u8; NONCE], msg: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let (nonce, payload) = (Nonce::from(nonce), Payload { msg, aad });
        match self {
            Self::Aes(own) => own.decrypt(&nonce, payload),
            Self::Sm4(own) => own.decrypt(&nonce, payload),
        }
        .ok()
    }
}

/// One key. It is never shown.
#[derive(Clone)]
struct Key {
    name: String,
    algorithm: Algorithm,
    cipher: Cipher,
    /// Of files, whose nonces are random.
    files: Cipher,
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
    #[serde(default, rename = "cipher")]
    algorithm: Algorithm,
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
        Self::made_for(Algorithm::default())
    }

    /// One new key for an algorithm.
    ///
    /// # Errors
    /// As [`Ring::made`].
    pub fn made_for(algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::default().with_new(algorithm)
    }

    /// The algorithm of the key that seals.
    pub fn algorithm(&self) -> Algorithm {
        self.keys
            .first()
            .map_or_else(Algorithm::default, |key| key.algorithm)
    }

    /// The same with a new key in front, which seals from now on.
    ///
    /// # Errors
    /// As [`Ring::made`].
    pub fn with_new(mut self, algorithm: Algorithm) -> Result<Self, KeyError> {
        let (mut secret, mut mark) = ([0; 32], [0; 3]);
        getrandom::fill(&mut secret).map_err(|_| KeyError::Random)?;
        getrandom::fill(&mut mark).map_err(|_| KeyError::Random)?;
        let day = chrono::Utc::now().format("%Y%m%d");
        let name = format!("{day}{}", hexadecimal(&mark));
        self.keys.insert(0, Key::new(name, algorithm, secret));
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
            plain.then_some(Key::new(key.name, key.algorithm, secret.try_into().ok()?))
        });
        let keys: Vec<Key> = keys.collect::<Option<_>>()?;
        (!keys.is_empty()).then_some(Self { keys })
    }

    /// The keys as their file has them.
    pub fn to_text(&self) -> String {
        let keys = self.keys.iter().map(|key| {
            let secret = BASE64.encode(key.secret);
            format!(
                "\n[[keys]]\nname = \"{}\"\ncipher = \"{}\"\nsecret = \"{secret}\"\n",
                key.name,
                key.algorithm.name()
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

    /// What seals files under the key of a name, or the one that seals now; with its name.
    pub(super) fn file_cipher(&self, name: Option<&str>) -> Option<(&str, &Cipher)> {
        let key = match name {
            Some(name) => self.keys.iter().find(|key| key.name == name)?,
            None => self.keys.first()?,
        };
        Some((&key.name, &key.files))
    }

    pub(super) fn fingerprint(&self, text: &str) -> Option<String> {
        // The oldest key: what was on record before a rotation is still recognised.
        let key = self.keys.last()?;
        let hash = keyed(&key.nonces, &["fingerprint", text]);
        Some(hexadecimal(&hash[..8]))
    }
}

impl Key {
    fn new(name: String, algorithm: Algorithm, secret: [u8; 32]) -> Self {
        // One secret, one key for each use.
        let of = |use_: &str| Cipher::new(algorithm, keyed(&secret, &[use_]));
        Self {
            name,
            algorithm,
            cipher: of("yizhangtu cipher"),
            files: of("yizhangtu files"),
            nonces: keyed(&secret, &["yizhangtu nonces"]),
            secret,
        }
    }

    fn seal(&self, place: &str, text: &str) -> Option<String> {
        let hash = keyed(&self.nonces, &[place, text]);
        let nonce: [u8; NONCE] = hash[..NONCE].try_into().ok()?;
        let sealed = self.cipher.seal(nonce, text.as_bytes(), place.as_bytes())?;
        let data = BASE64.encode([&nonce[..], &sealed].concat());
        Some(format!("{MARK}{}:{data}", self.name))
    }

    fn open(&self, place: &str, data: &str) -> Option<String> {
        let data = BASE64.decode(data).ok()?;
        let (nonce, sealed) = data.split_first_chunk::<NONCE>()?;
        let open = self.cipher.open(*nonce, sealed, place.as_bytes())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sm4_gcm_is_that_of_rfc_8998() {
        // Appendix A.1: key, nonce, associated data, plaintext, and what comes of them.
        let bytes = |text: &str| -> Vec<u8> {
            let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
            let pairs = digits
                .chunks(2)
                .map(|pair| std::str::from_utf8(pair).unwrap());
            pairs
                .map(|pair| u8::from_str_radix(pair, 16).unwrap())
                .collect()
        };
        let mut key = [0; 32];
        key[..16].copy_from_slice(&bytes("0123456789ABCDEFFEDCBA9876543210"));
        let nonce: [u8; 12] = bytes("00001234567800000000ABCD").try_into().unwrap();
        let aad = bytes("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
        let plain = bytes(
            "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD
             EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
        );
        let expected = bytes(
            "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735
             D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D
             83DE3541E4C2B58177E065A9BF7B62EC",
        );
        let cipher = Cipher::new(Algorithm::Sm4Gcm, key);
        assert_eq!(cipher.seal(nonce, &plain, &aad), Some(expected.clone()));
        assert_eq!(cipher.open(nonce, &expected, &aad), Some(plain));
    }

    #[test]
    fn a_ring_of_either_algorithm_is_written_and_read() {
        let old = Ring::made_for(Algorithm::Aes256Gcm).unwrap();
        let ring = old.clone().with_new(Algorithm::Sm4Gcm).unwrap();
        let read = Ring::parse(&ring.to_text()).unwrap();
        assert_eq!(read.algorithm(), Algorithm::Sm4Gcm);
        let sealed = ring.seal("person/phone", "13812345678").unwrap();
        assert_eq!(
            read.open("person/phone", &sealed).as_deref(),
            Some("13812345678")
        );
        let before = old.seal("person/phone", "13812345678").unwrap();
        assert_eq!(
            read.open("person/phone", &before).as_deref(),
            Some("13812345678")
        );
        // A file of keys from before there was a choice.
        let plain = old.to_text().replace("cipher = \"aes-256-gcm\"\n", "");
        let read = Ring::parse(&plain).unwrap();
        assert_eq!(
            read.open("person/phone", &before).as_deref(),
            Some("13812345678")
        );
    }
}
