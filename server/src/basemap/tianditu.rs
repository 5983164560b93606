//! 天地图, fetched by this server for the page: the key stays here, and the page talks to
//! nobody else. Without a key nothing of this is used.
//!
//! The service speaks WMTS in key-value form with the tile matrix set `w`, which is the
//! page's own grid; CGCS2000 and WGS 84 agree to centimetres, so nothing is shifted.
//! Provincial mirrors take the same requests at another host.

use std::{io::Read, sync::Arc, time::Duration};

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use yizhangtu_data::Text;
use yizhangtu_tiles::TileId;

use super::{Basemap, Description, Kind, Source, content::Tile};
use crate::http::Problem;

/// Where the national service answers; `{s}` is one of its eight names.
pub(crate) const NATIONAL_HOST: &str = "http://t{s}.tianditu.gov.cn";

/// What is offered where no layers are named: 矢量 and 影像 with their names.
pub(crate) const USUAL_LAYERS: &str = "vec,cva,img,cia";

/// Longest wait for one tile.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// No tile of the service is as large.
const LARGEST_TILE: u64 = 2 << 20;

/// Requests under way at once.
const MOST_AT_ONCE: usize = 16;

/// Which service to ask, and how.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The key (`tk`).
    pub(crate) key: String,
    /// Scheme and host, with `{s}` where a number from 0 to 7 stands.
    pub(crate) host: String,
    /// Layers such as `vec` or `img`, in the order offered.
    pub(crate) layers: Vec<String>,
}

/// One layer of the service.
pub(super) struct Tianditu {
    agent: ureq::Agent,
    settings: Settings,
    layer: String,
    /// Shared by all layers.
    turns: Arc<Semaphore>,
}

/// Why the service gave no tile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TiandituError {
    /// Nobody answered.
    #[error(
        "天地图没有应答，请检查服务器的外网连接 / 天地图 does not answer; check this server's connection to the outside: {0}"
    )]
    Unreachable(String),
    /// The key is not accepted.
    #[error(
        "天地图拒绝了密钥，请检查 --tianditu-key 及其类型（服务器端）与 IP 白名单 / 天地图 refuses the key; check --tianditu-key, its kind (server) and its list of addresses"
    )]
    Refused,
    /// Too many requests today.
    #[error(
        "天地图的访问量已用完或过于频繁，请稍后再试 / the quota of 天地图 is used up; try later"
    )]
    Quota,
    /// Something else came.
    #[error(
        "天地图返回了无法识别的内容（状态 {0}）/ 天地图 sent something that is no picture (status {0})"
    )]
    Odd(u16),
}

impl From<TiandituError> for Problem {
    fn from(error: TiandituError) -> Self {
        tracing::warn!(%error, "天地图");
        let status = match error {
            TiandituError::Unreachable(_) => StatusCode::GATEWAY_TIMEOUT,
            TiandituError::Quota => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, error.to_string())
    }
}

/// A base map for each layer.
pub(super) fn basemaps(settings: &Settings) -> Vec<Basemap> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(LONGEST_WAIT))
        .http_status_as_error(false)
        .build()
        .into();
    let turns = Arc::new(Semaphore::new(MOST_AT_ONCE));
    settings
        .layers
        .iter()
        .map(|layer| Basemap {
            description: description(layer, &settings.layers),
            source: Source::Tianditu(Tianditu {
                agent: agent.clone(),
                settings: settings.clone(),
                layer: layer.clone(),
                turns: Arc::clone(&turns),
            }),
        })
        .collect()
}

fn description(layer: &str, all: &[String]) -> Description {
    let (zh, en) = match layer {
        "vec" => ("天地图·矢量", "天地图, streets"),
        "img" => ("天地图·影像", "天地图, imagery"),
        "ter" => ("天地图·地形", "天地图, terrain"),
        "cva" => ("天地图·矢量注记", "天地图, street names"),
        "cia" => ("天地图·影像注记", "天地图, names for imagery"),
        "cta" => ("天地图·地形注记", "天地图, names for terrain"),
        other => (other, other),
    };
    let labels = match layer {
        "vec" => Some("cva"),
        "img" => Some("cia"),
        "ter" => Some("cta"),
        _ => None,
    }
    .filter(|labels| all.iter().any(|layer| layer == labels))
    .map(|labels| format!("tianditu-{labels}"));
    let id = format!("tianditu-{layer}");
    Description {
        title: Text {
            zh: zh.to_owned(),
            en: en.to_owned(),
        },
        kind: Kind::Raster,
        tiles: [format!("/basemaps/{id}/{{z}}/{{x}}/{{y}}")],
        attribution: Some("© 国家地理信息公共服务平台 天地图".to_owned()),
        bounds: None,
        minzoom: 1,
        maxzoom: 18,
        tile_size: Some(256),
        vector_layers: None,
        labels,
        id,
    }
}

impl Tianditu {
    /// A tile of the layer.
    pub(super) async fn tile(&self, tile: TileId) -> Result<Tile, TiandituError> {
        let agent = self.agent.clone();
        let address = self.settings.address(&self.layer, tile);
        let unreachable = |error: &dyn std::fmt::Display| {
            // The address holds the key, and an error may hold the address.
            TiandituError::Unreachable(error.to_string().replace(&self.settings.key, "…"))
        };
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|error| unreachable(&error))?;
        let fetched = tokio::task::spawn_blocking(move || fetch(&agent, &address))
            .await
            .map_err(|error| unreachable(&error))?
            .map_err(|error| unreachable(&error))?;
        let (status, bytes) = fetched;
        match status {
            200 => {
                let tile = Tile::of(bytes);
                match tile.kind() {
                    Kind::Raster => Ok(tile),
                    Kind::Vector => Err(TiandituError::Odd(status)),
                }
            }
            401 | 403 => Err(TiandituError::Refused),
            418 | 429 => Err(TiandituError::Quota),
            _ => Err(TiandituError::Odd(status)),
        }
    }
}

fn fetch(agent: &ureq::Agent, address: &str) -> Result<(u16, Vec<u8>), ureq::Error> {
    let answer = agent.get(address).call()?;
    let (head, body) = answer.into_parts();
    let mut bytes = Vec::new();
    body.into_reader()
        .take(LARGEST_TILE)
        .read_to_end(&mut bytes)?;
    Ok((head.status.as_u16(), bytes))
}

impl Settings {
    /// Reads layers joined by commas; none where a name is not plain.
    pub(crate) fn layers_of(names: &str) -> Option<Vec<String>> {
        let layers: Vec<String> = names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
        let plain = |name: &String| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        layers.iter().all(plain).then_some(layers)
    }

    fn address(&self, layer: &str, tile: TileId) -> String {
        let (z, x, y) = (tile.z(), tile.x(), tile.y());
        let host = self.host.replace("{s}", &((x + y) % 8).to_string());
        let key: String = self
            .key
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric())
            .collect();
        format!(
            "{host}/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}\
             &STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}\
             &tk={key}",
            host = host.trim_end_matches('/'),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{SocketAddr, TcpListener},
        sync::mpsc,
    };

    use super::*;

    /// A service that answers once, and tells what it was asked.
    fn service(answer: &'static [u8]) -> (SocketAddr, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, questions) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap();
            asked
                .send(String::from_utf8_lossy(&bytes[..count]).into_owned())
                .unwrap();
            stream.write_all(answer).unwrap();
        });
        (address, questions)
    }

    fn layer(host: String) -> Tianditu {
        let settings = Settings {
            key: "secretkey".to_owned(),
            host,
            layers: vec!["vec".to_owned()],
        };
        let map = basemaps(&settings).remove(0);
        match map.source {
            Source::Tianditu(service) => service,
            Source::Archive(_) => unreachable!("made of a service"),
        }
    }

    #[tokio::test]
    async fn a_picture_is_passed_on() {
        let (address, questions) = service(
            b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\x89PNG\r\n\x1a\n",
        );
        let service = layer(format!("http://{address}"));
        let tile = service
            .tile(TileId::new(10, 834, 444).unwrap())
            .await
            .unwrap();
        assert_eq!(tile.media_type, "image/png");
        let question = questions.recv().unwrap();
        assert!(
            question.starts_with("GET /vec_w/wmts?SERVICE=WMTS"),
            "{question}"
        );
        assert!(question.contains("TILEMATRIX=10&TILEROW=444&TILECOL=834&tk=secretkey"));
    }

    #[tokio::test]
    async fn a_refused_key_is_said_so_without_the_key() {
        let (address, _questions) =
            service(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        let service = layer(format!("http://{address}"));
        let error = service
            .tile(TileId::new(3, 6, 3).unwrap())
            .await
            .unwrap_err();
        assert!(matches!(error, TiandituError::Refused));
        assert!(!error.to_string().contains("secretkey"));
    }

    #[tokio::test]
    async fn an_error_page_is_no_picture() {
        let (address, _questions) =
            service(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>");
        let service = layer(format!("http://{address}"));
        let error = service
            .tile(TileId::new(3, 6, 3).unwrap())
            .await
            .unwrap_err();
        assert!(matches!(error, TiandituError::Odd(200)));
    }

    #[tokio::test]
    async fn silence_is_said_so_without_the_key() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let service = layer(format!("http://{address}"));
        let error = service
            .tile(TileId::new(3, 6, 3).unwrap())
            .await
            .unwrap_err();
        assert!(matches!(error, TiandituError::Unreachable(_)));
        assert!(!error.to_string().contains("secretkey"));
    }

    #[test]
    fn layers_are_named_plainly() {
        assert_eq!(
            Settings::layers_of(USUAL_LAYERS),
            Some(vec!["vec".into(), "cva".into(), "img".into(), "cia".into()])
        );
        assert_eq!(Settings::layers_of("vec,../x"), None);
        assert_eq!(Settings::layers_of(""), None);
    }
}
