//! Parameters of the operations.

use serde_json::{Map, Value, json};

use crate::{
    collections::{DEFAULT_LIMIT, GREATEST_LIMIT, crs_uris, exported_formats},
    enforcement::counts,
    http::App,
};

/// The name that a parameter is written with, from the key that it stands under.
pub(super) fn name_of(key: &str) -> &str {
    match key {
        "search-limit" => "limit",
        "dry-run" => "dry_run",
        "lookup-crs" => "crs",
        "lookup-layers" | "changed-layers" => "layers",
        "account-user" => "user",
        "archive-name" => "name",
        "why-layer" | "place-layer" => "layer",
        "place-q" => "q",
        "why-id" => "id",
        "why-field" => "field",
        "export-f" | "report-f" | "people-f" => "f",
        "area-layer" => "layer",
        "area-rule" => "rule",
        "id-of" => "id",
        "ids-of" => "ids",
        "sheet-grid" => "grid",
        "import-layer" => "layer",
        "file-crs-in" => "crs",
        "log-limit" => "limit",
        "process-version" => "version",
        "process-state" => "state",
        "queue-limit" | "case-limit" | "event-limit" | "patrol-limit" => "limit",
        "patrol-grid" => "grid",
        "patrol-from" => "from",
        "queue-show" => "show",
        "event-by" => "by",
        "event-from" => "from",
        "event-to" => "to",
        "event-source" => "source",
        "case-day" => "day",
        "case-period" => "period",
        "feature-figure" | "house-figure" => "figure",
        "features-limit" | "houses-limit" => "limit",
        "coverage-of" => "of",
        "case-by" => "by",
        "case-date" => "date",
        "case-from" => "from",
        "case-to" => "to",
        "case-state" => "state",
        "case-f" => "f",
        "renewal-by" => "by",
        "plan-before" => "before",
        "plan-after" => "after",
        "plan-layer" => "layer",
        "plan-place" => "id",
        "structure-f" => "f",
        "if-match" => "If-Match",
        "content-crs" => "Content-Crs",
        "change-reason" => "Change-Reason",
        "idempotency-key" => "Idempotency-Key",
        key => key,
    }
}

/// All parameters by key.
pub(super) fn all(app: &App) -> Value {
    let layers: Vec<&str> = app.layers().iter().map(|layer| layer.id.as_str()).collect();
    let crs =
        json!({ "type": "string", "format": "uri", "enum": crs_uris(), "default": crs_uris()[0] });
    let text = json!({ "type": "string" });
    let whole = json!({ "type": "integer", "minimum": 0 });
    let numbers = |least: u8, most: u8| json!({ "type": "array", "minItems": least, "maxItems": most, "items": { "type": "number" } });
    let mut all = Map::new();
    let mut add = |key: &str, place: &str, description: &str, schema: Value| {
        let mut parameter = json!({
            "name": name_of(key),
            "in": place,
            "required": place == "path" || key == "if-match",
            "description": description,
            "schema": schema,
        });
        if parameter["schema"]["type"] == "array" {
            parameter["style"] = "form".into();
            parameter["explode"] = false.into();
        }
        all.insert(key.to_owned(), parameter);
    };
    add(
        "f",
        "query",
        "格式，优先于 Accept / format; outranks Accept",
        json!({ "type": "string", "enum": ["json", "geojson", "csv", "html", "schema"] }),
    );
    add(
        "sheet",
        "path",
        "图幅的 id 或编号 / id or code of a sheet",
        text.clone(),
    );
    add(
        "sheet-grid",
        "query",
        "只要一个网格的：编码、id 或名称 / of one grid only: its code, id or name",
        text.clone(),
    );
    add(
        "paper",
        "query",
        "纸张 / paper",
        json!({ "type": "string", "enum": ["A4", "A3", "A2"] }),
    );
    add(
        "residents",
        "query",
        "附居住人员表，须经审批 / with who lives in the houses, which somebody else must approve",
        json!({ "type": "boolean" }),
    );
    add(
        "at",
        "query",
        "所印的变更序号 / number that a print shows",
        whole.clone(),
    );
    add(
        "on",
        "query",
        "按哪一天 / as of which day",
        json!({ "type": "string", "format": "date" }),
    );
    for (key, description) in [
        ("area", "GeoJSON 面 / a GeoJSON polygon"),
        ("area-layer", "或者图层 / or a layer"),
        ("id-of", "及其要素 / with a feature of it"),
        (
            "ids-of",
            "或几个要素，以逗号分隔 / or several, commas between",
        ),
    ] {
        add(key, "query", description, text.clone());
    }
    add(
        "buffer_m",
        "query",
        "外扩米数 / metres that it is widened by",
        json!({ "type": "number", "default": 0 }),
    );
    add(
        "area-rule",
        "query",
        "被边界切到的房屋如何计 / how houses that the outline cuts count",
        json!({ "type": "string", "enum": ["representative_point", "intersects", "within"] }),
    );
    add(
        "people-f",
        "query",
        "格式 / format",
        json!({ "type": "string", "enum": ["xlsx", "csv"], "default": "xlsx" }),
    );
    add(
        "report-f",
        "query",
        "格式 / format",
        json!({ "type": "string", "enum": ["json", "xlsx", "pdf"] }),
    );
    add(
        "unit",
        "query",
        "更新单元的编号 / id of a renewal unit",
        text.clone(),
    );
    add(
        "asset",
        "query",
        "集体资产的编号：只列涉及它的合同 / id of an asset: only the contracts over it",
        text.clone(),
    );
    add(
        "contract",
        "query",
        "集体合同的编号：只列这一份 / id of a contract: only this one",
        text.clone(),
    );
    add(
        "houses",
        "query",
        "是否列出房屋 / whether the houses are named",
        json!({ "type": "boolean", "default": false }),
    );
    for (name, words) in [
        (
            "plan-before",
            "前：land_use、plan_land 或规划成果的编号 / before: land_use, plan_land, or the id of a plan document",
        ),
        ("plan-after", "后：同上 / after: the same"),
        (
            "plan-place",
            "范围要素的编号，不给则为全部 / id of the place, all of the layer where none is given",
        ),
    ] {
        add(name, "query", words, text.clone());
    }
    add(
        "renewal-by",
        "query",
        "汇总的层级 / level that is summed up by",
        json!({ "type": "string", "enum": ["grid", "co_op", "village", "street", "district"], "default": "village" }),
    );
    add(
        "plan-layer",
        "query",
        "范围所在图层 / layer of the place",
        json!({ "type": "string", "enum": ["village", "renewal_unit", "grid", "co_op"], "default": "village" }),
    );
    add(
        "structure-f",
        "query",
        "格式 / format",
        json!({ "type": "string", "enum": ["json", "xlsx"] }),
    );
    add(
        "act",
        "path",
        "步骤 / step",
        json!({ "type": "string", "enum": ["send", "recall", "return", "adopt"] }),
    );
    add(
        "layer",
        "path",
        "图层 / the layer",
        json!({ "type": "string", "enum": layers }),
    );
    add(
        "layers",
        "path",
        "图层，以逗号分隔 / layers, commas between",
        text.clone(),
    );
    add("id", "path", "标识 / the identifier", text.clone());
    for (key, description) in [
        (
            "code",
            "统一认证给的授权码 / the code that the provider gave",
        ),
        (
            "state",
            "登录时的状态 / the state that signing in began with",
        ),
    ] {
        add(key, "query", description, text.clone());
    }
    add(
        "approval",
        "query",
        "获批的出件申请，含个人信息的文件须有 / the approved request, for a file with personal data",
        text.clone(),
    );
    add("account-user", "path", "用户 / the user", text.clone());
    for (name, description) in [
        ("why-layer", "图层 / the layer"),
        ("place-layer", "哪一级：图层 / the level: a layer"),
        ("place-q", "名称或编码中的字 / a word of the name or code"),
        ("why-id", "要素编号 / a feature"),
        ("why-field", "字段 / a field"),
        ("user", "用户 / the user"),
        ("action", "操作，如 unmask / the act, such as unmask"),
        ("outcome", "done 或 refused / done or refused"),
        ("object", "对象中含有的字 / a word of what it is about"),
        (
            "noted",
            "先前另行记下的哈希 / a hash that was noted elsewhere before",
        ),
    ] {
        add(name, "query", description, text.clone());
    }
    for (name, description) in [
        ("from", "起始时刻 / from this instant on"),
        ("until", "截止时刻 / before this instant"),
    ] {
        add(
            name,
            "query",
            description,
            json!({ "type": "string", "format": "date-time" }),
        );
    }
    add(
        "before",
        "query",
        "此行之前 / before this row",
        whole.clone(),
    );
    add(
        "export-f",
        "query",
        "文件格式 / format of the file",
        json!({ "type": "string", "enum": exported_formats(), "default": "geojson" }),
    );
    add(
        "file-crs",
        "query",
        "文件的坐标系，如 EPSG:4547 / coordinate system of the file",
        text.clone(),
    );
    add(
        "file-crs-in",
        "query",
        "来件的坐标系：EPSG:4547、gcj02、bd09…… / coordinate system of the files",
        text.clone(),
    );
    add(
        "encoding",
        "query",
        "文字编码 / encoding of texts",
        text.clone(),
    );
    add(
        "ids",
        "query",
        "只要这些标识 / these identifiers only",
        json!({ "type": "array", "items": { "type": "string" } }),
    );
    add(
        "import-layer",
        "query",
        "导入到的图层 / the layer imported into",
        json!({ "type": "string", "enum": layers }),
    );
    add(
        "id_column",
        "query",
        "永久编号所在的列 / column that identifies a row for ever",
        text.clone(),
    );
    add(
        "table",
        "query",
        "表、工作表或压缩包里的文件 / table, sheet, or file of an archive",
        text.clone(),
    );
    add(
        "swap_axes",
        "query",
        "坐标的第一个数是北 / the first number of a coordinate grows to the north",
        json!({ "type": "boolean", "default": false }),
    );
    add(
        "token",
        "path",
        "导入或比对的标识 / token of the import or comparison",
        text.clone(),
    );
    add(
        "attachment",
        "path",
        "附件的标识 / the identifier of the attachment",
        text.clone(),
    );
    add(
        "document",
        "path",
        "文书格式的标识；作废时为文书的标识 / the form of document; to void, the document itself",
        text.clone(),
    );
    add(
        "hash",
        "path",
        "内容的 SHA-256 / SHA-256 of the content",
        json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
    );
    add(
        "original",
        "query",
        "原文件，含拍摄信息 / the file as it came",
        json!({ "type": "boolean", "default": false }),
    );
    add(
        "kind",
        "query",
        "附件类别 / kind of the attachment",
        json!({ "type": "string", "enum": codes(app, "attachment_kind") }),
    );
    add(
        "name",
        "query",
        "文件名 / name of the file",
        json!({ "type": "string", "maxLength": 200 }),
    );
    add(
        "caption",
        "query",
        "说明 / caption",
        json!({ "type": "string", "maxLength": 500 }),
    );
    add(
        "limit",
        "query",
        "最多几个 / how many at most",
        json!({ "type": "integer", "minimum": 1, "maximum": GREATEST_LIMIT, "default": DEFAULT_LIMIT }),
    );
    add(
        "offset",
        "query",
        "跳过几个 / how many to pass over",
        json!({ "type": "integer", "minimum": 0, "default": 0 }),
    );
    add(
        "cursor",
        "query",
        "由下一页链接给出，说明从何处继续 / given by the link to the next page: where it goes on",
        json!({ "type": "string", "pattern": "^-?[0-9]{1,18}\\.[0-9]{1,18}$" }),
    );
    add(
        "bbox",
        "query",
        "西,南,东,北 / west,south,east,north",
        numbers(4, 6),
    );
    add(
        "bbox-crs",
        "query",
        "bbox 的坐标系 / coordinate system of bbox",
        crs.clone(),
    );
    add(
        "crs",
        "query",
        "结果的坐标系 / coordinate system of the answer",
        crs.clone(),
    );
    add(
        "datetime",
        "query",
        "时刻或 起/止 / a moment or START/END",
        text.clone(),
    );
    add(
        "properties",
        "query",
        "只给这些字段 / only these fields",
        json!({ "type": "array", "items": { "type": "string" } }),
    );
    add(
        "sortby",
        "query",
        "排序字段，-字段 为降序 / fields to sort by; -field for descending",
        json!({ "type": "array", "items": { "type": "string" } }),
    );
    add(
        "filter",
        "query",
        "CQL2 条件 / a condition in CQL2 text",
        text.clone(),
    );
    add(
        "filter-lang",
        "query",
        "条件的语言 / language of the condition",
        json!({ "type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text" }),
    );
    add(
        "filter-crs",
        "query",
        "条件中几何的坐标系 / coordinate system of geometries in the condition",
        crs.clone(),
    );
    add(
        "aggregate",
        "query",
        "不画要素而计数：cluster 为聚合点，hexagon 为六边形 / count features instead of drawing them, in clusters or hexagons",
        json!({ "type": "string", "enum": ["cluster", "hexagon"] }),
    );
    add(
        "as-of",
        "query",
        "当时的状态：时刻、日期或修改编号 / the state at a moment, a day, or after the change of a number",
        text.clone(),
    );
    add(
        "q",
        "query",
        "要查找的文字 / what to look for",
        json!({ "type": "string", "minLength": 1, "maxLength": 100 }),
    );
    add(
        "kinds",
        "query",
        "只查这些图层 / only these layers",
        json!({ "type": "array", "items": { "type": "string", "enum": layers } }),
    );
    add(
        "near",
        "query",
        "近处优先：经度,纬度 / LON,LAT: near ones first",
        numbers(2, 2),
    );
    add(
        "round",
        "query",
        "走访轮次 / a round of visits",
        text.clone(),
    );
    add(
        "house",
        "query",
        "只要住在这栋的 / of those who live in this house",
        text.clone(),
    );
    for (name, description) in [
        ("dry-run", "只检查 / only check"),
        (
            "partial",
            "有错的行不导入，其余导入 / leave lines with faults out",
        ),
    ] {
        add(
            name,
            "query",
            description,
            json!({ "type": "boolean", "default": false }),
        );
    }
    add(
        "purpose",
        "query",
        "查人的事由，记入审计 / why people are looked for, for the audit",
        text.clone(),
    );
    add(
        "search-limit",
        "query",
        "最多几个 / how many at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 }),
    );
    add("point", "query", "经度,纬度 / LON,LAT", numbers(2, 2));
    add(
        "lookup-crs",
        "query",
        "点的坐标系，如 gcj02、EPSG:4547 / coordinate system of points, such as gcj02",
        text.clone(),
    );
    add(
        "lookup-layers",
        "query",
        "只答这些图层 / only these layers",
        json!({ "type": "array", "items": { "type": "string", "enum": layers } }),
    );
    add(
        "style",
        "path",
        "样式 / the style",
        json!({ "type": "string", "enum": ["map"] }),
    );
    add(
        "archive-name",
        "path",
        "归档文件名 / the name of an archive",
        text.clone(),
    );
    add(
        "book",
        "path",
        "哪一份规则，如 masks / the book of rules, such as masks",
        text.clone(),
    );
    add(
        "matrix",
        "path",
        "切片方案 / the tiling scheme",
        json!({ "type": "string", "enum": ["WebMercatorQuad", "WorldCRS84Quad", "c"] }),
    );
    add(
        "if-match",
        "header",
        "读取时得到的 ETag / the ETag that the feature was read with",
        text.clone(),
    );
    add(
        "content-crs",
        "header",
        "正文中坐标的坐标系 / coordinate system of the body",
        crs.clone(),
    );
    add(
        "change-reason",
        "header",
        "为何修改，百分号编码 / why, percent-encoded",
        json!({ "type": "string", "maxLength": 1000, "pattern": "^[ -~]*$" }),
    );
    add(
        "idempotency-key",
        "header",
        "同一请求的编号，重复提交不会重复修改 / a word for this request: a repeat changes nothing",
        json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" }),
    );
    add(
        "since",
        "query",
        "此编号之后的修改 / changes after this number",
        whole.clone(),
    );
    add(
        "changed-layers",
        "query",
        "图层，以逗号分隔 / layers, commas between",
        text.clone(),
    );
    add(
        "log-limit",
        "query",
        "最多几条 / how many at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 10_000, "default": 100 }),
    );
    add(
        "from",
        "query",
        "较早的版本 / the earlier version",
        whole.clone(),
    );
    add(
        "to",
        "query",
        "较晚的版本 / the later version",
        whole.clone(),
    );
    add(
        "change_set",
        "path",
        "变更集 / the change set",
        whole.clone(),
    );
    add(
        "step",
        "path",
        "流程的步骤 / a step of the process",
        text.clone(),
    );
    add(
        "process-version",
        "query",
        "流程的版本，缺省为现行版本 / version of the process; the one in force unless given",
        text.clone(),
    );
    add(
        "process-state",
        "query",
        "只要一种状态 / one state only",
        text.clone(),
    );
    for (key, description) in [
        ("overdue", "只要超期的 / the late ones only"),
        (
            "mine",
            "只要本角色可办的 / those that the role takes a step from",
        ),
    ] {
        add(
            key,
            "query",
            description,
            json!({ "type": "boolean", "default": false }),
        );
    }
    add(
        "patrol-grid",
        "query",
        "网格，缺省为全部 / a grid; all of them where none is named",
        json!({ "type": "string" }),
    );
    add(
        "patrol-from",
        "query",
        "出发地点：经度,纬度 / LON,LAT: where the way begins",
        numbers(2, 2),
    );
    add(
        "patrol-limit",
        "query",
        "最多几处 / places at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
    );
    add(
        "queue-limit",
        "query",
        "最多几条 / how many at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 5000, "default": 200 }),
    );
    add(
        "event-limit",
        "query",
        "最多几条 / how many at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 10000, "default": 200 }),
    );
    add(
        "queue-show",
        "query",
        "随附显示的字段，逗号分隔 / fields that are told beside, joined by commas",
        text.clone(),
    );
    let choice = |words: &[&str]| json!({ "type": "string", "enum": words });
    add(
        "event-by",
        "query",
        "按什么分组 / what to group by",
        choice(&[
            "month", "type", "source", "level", "urgency", "grid", "co_op", "village",
        ]),
    );
    add(
        "feature-figure",
        "query",
        "哪一项数字，写它在统计答复中的路径 / the number, by its path in the answer of the statistics",
        json!({ "type": "string", "example": "violations.count" }),
    );
    add(
        "features-limit",
        "query",
        "最多几条 / how many features at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 50000, "default": 100 }),
    );
    add(
        "house-figure",
        "query",
        "哪一项数字，写它在统计答复中的路径 / the number, by its path in the answer of the statistics",
        json!({ "type": "string", "example": "people.by_kind.来穗" }),
    );
    add(
        "houses-limit",
        "query",
        "最多几栋 / how many houses at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 50000, "default": 100 }),
    );
    add(
        "coverage-of",
        "query",
        "哪一项：走访状态、租赁申报或未核人员 / the state of a visit, of a declaration, or the residents not verified",
        choice(&[
            "seen",
            "absent",
            "refused",
            "left",
            "fresh",
            "due",
            "long",
            "never",
            "unseen",
            "surveyed",
            "declared",
            "unchecked",
            "mismatched",
            "people",
        ]),
    );
    add(
        "figure",
        "query",
        "哪一项的事件 / the count whose events are meant",
        choice(&[
            "reported", "accepted", "pending", "void", "open", "in_time", "overdue", "closed",
            "own", "on_time", "refused", "reopened", "passed", "failed", "rated",
        ]),
    );
    for (key, description) in [
        ("event-from", "上报起始日 / first day of reporting"),
        ("event-to", "上报截止日 / last day of reporting"),
    ] {
        add(
            key,
            "query",
            description,
            json!({ "type": "string", "format": "date" }),
        );
    }
    for (key, description) in [
        ("type", "事件类型，大类含其小类 / type, with those under it"),
        ("event-source", "来源 / source"),
        ("level", "当前层级 / level that holds it"),
        ("urgency", "紧急程度 / urgency"),
        ("village", "村编号 / id of a village"),
    ] {
        add(key, "query", description, text.clone());
    }
    add(
        "case-by",
        "query",
        "按什么分组 / what to group by",
        choice(&[
            "year",
            "month",
            "kind",
            "source",
            "state",
            "is_new",
            "importance",
            "measure",
            "grid",
            "co_op",
            "village",
        ]),
    );
    add(
        "case-date",
        "query",
        "按哪个日期计期 / the date that periods go by",
        choice(&["found", "filed", "demolished", "closed"]),
    );
    for (key, description) in [
        ("case-from", "起始日 / first day"),
        ("case-to", "截止日 / last day"),
    ] {
        add(
            key,
            "query",
            description,
            json!({ "type": "string", "format": "date" }),
        );
    }
    for (key, description) in [
        ("kind", "违法类别 / kind"),
        ("source", "线索来源 / source"),
        ("case-state", "办理状态 / state"),
        ("grid", "网格编号 / id of a grid"),
        ("co_op", "经济社编号 / id of a co-op"),
        ("swl_type", "散乱污类型 / kind of premises"),
        ("swl_measure", "整治措施 / measure"),
        ("swl_state", "整治状态 / state"),
    ] {
        add(key, "query", description, text.clone());
    }
    for (key, description) in [
        ("is_new", "新增或存量 / new, or existing"),
        ("demolished", "只要已拆除的 / the demolished only"),
    ] {
        add(key, "query", description, json!({ "type": "boolean" }));
    }
    add(
        "counts",
        "query",
        "只要计入该指标的案件 / only the cases that count in a figure",
        choice(&counts().collect::<Vec<_>>()),
    );
    add(
        "case-period",
        "query",
        "日报、周报、月报或年报 / how long the report's time is",
        choice(&["day", "week", "month", "year"]),
    );
    add(
        "case-day",
        "query",
        "报告期内的一天，缺省为今天 / a day of the report's time; today where none is given",
        json!({ "type": "string", "format": "date" }),
    );
    add(
        "case-f",
        "query",
        "格式 / format",
        choice(&["json", "xlsx", "pdf"]),
    );
    add(
        "case-limit",
        "query",
        "最多几条 / how many at most",
        json!({ "type": "integer", "minimum": 1, "maximum": 50_000, "default": 200 }),
    );
    add("batch", "path", "导入批次 / the import batch", text.clone());
    for (key, description) in [("z", "级 / zoom"), ("x", "列 / column"), ("y", "行 / row")] {
        add(key, "path", description, whole.clone());
    }
    all.insert(
        "field".to_owned(),
        json!({
            "name": "field",
            "in": "query",
            "description": "任一可作条件的字段等于一值，如 kind=违法建设；字段见 queryables / any queryable field equal to a value, such as kind=违法建设; see queryables",
            "schema": { "type": "object", "additionalProperties": { "type": "string" } },
            "style": "form",
            "explode": true,
        }),
    );
    Value::Object(all)
}

fn codes<'a>(app: &'a App, list: &str) -> Vec<&'a str> {
    let list = app.catalog().code_list(list);
    (list.iter())
        .flat_map(|list| &list.codes)
        .map(|code| code.code.as_str())
        .collect()
}
