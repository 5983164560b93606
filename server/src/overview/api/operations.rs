//! The operations that there are.

/// One operation of the interface.
pub(super) struct Operation {
    /// Path with its parameters in braces.
    pub(super) path: &'static str,
    /// Method in small letters.
    pub(super) method: &'static str,
    /// Group that it stands in.
    pub(super) tag: &'static str,
    /// Name, unique.
    pub(super) id: &'static str,
    /// What it is for: Chinese, English.
    pub(super) summary: &'static str,
    /// Keys of its parameters.
    pub(super) parameters: &'static [&'static str],
    /// Media types and schemas of what is sent.
    pub(super) body: &'static [(&'static str, &'static str)],
    /// Media types and schemas of what comes back.
    pub(super) answers: &'static [(&'static str, &'static str)],
    /// Status code of the answer.
    pub(super) status: &'static str,
    /// Status codes besides it that are no refusal.
    pub(super) further: &'static [&'static str],
}

const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";
const HTML: &str = "text/html";
const SCHEMA: &str = "application/schema+json";
const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const EVENTS: &str = "text/event-stream";
const MERGE_PATCH: &str = "application/merge-patch+json";
const OCTETS: &str = "application/octet-stream";
const TILE: &str = "application/vnd.mapbox-vector-tile";
const MLT: &str = "application/vnd.maplibre-tile";
const STYLE: &str = crate::style::MEDIA_TYPE;

const fn get(
    path: &'static str,
    tag: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    answers: &'static [(&'static str, &'static str)],
) -> Operation {
    Operation {
        path,
        method: "get",
        tag,
        id,
        summary,
        parameters,
        body: &[],
        answers,
        status: "200",
        further: &[],
    }
}

impl Operation {
    const fn post(mut self, body: &'static [(&'static str, &'static str)]) -> Self {
        self.method = "post";
        self.body = body;
        self
    }

    const fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    const fn by(
        mut self,
        method: &'static str,
        body: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.method = method;
        self.body = body;
        self
    }

    const fn status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }

    const fn further(mut self, further: &'static [&'static str]) -> Self {
        self.further = further;
        self
    }
}

const OVERVIEW: &str = "总览 / Overview";
const FEATURES: &str = "要素 / Features";
const ATTACHMENTS: &str = "附件 / Attachments";
const IMPORT: &str = "导入 / Import";
const CHANGES: &str = "修改与历史 / Changes and history";
const ENFORCEMENT: &str = "两违 / Enforcement";
const PROCESSES: &str = "办理流程 / Processes";
const PLACES: &str = "位置与统计 / Places and counts";
const RENEWAL: &str = "城市更新 / Renewal";
const TILES: &str = "瓦片 / Tiles";
const SERVICE: &str = "服务 / Service";

/// All operations, group by group.
pub(super) const OPERATIONS: &[Operation] = &[
    get(
        "/",
        OVERVIEW,
        "getLandingPage",
        "首页或页面 / landing page, or the map",
        &["f"],
        &[(JSON, "LandingPage"), (HTML, "string")],
    ),
    get(
        "/conformance",
        OVERVIEW,
        "getConformance",
        "遵循的标准 / conformance classes",
        &["f"],
        &[(JSON, "Conformance"), (HTML, "string")],
    ),
    get(
        "/api",
        OVERVIEW,
        "getApi",
        "本说明 / this description",
        &[],
        &[("application/vnd.oai.openapi+json;version=3.0", "object")],
    ),
    get(
        "/api.html",
        OVERVIEW,
        "getApiPage",
        "接口说明页 / the interface for people",
        &[],
        &[(HTML, "string")],
    ),
    get(
        "/catalog",
        OVERVIEW,
        "getCatalog",
        "图层、专题、代码表 / layers, themes and code lists",
        &[],
        &[(JSON, "Catalog")],
    ),
    get(
        "/collections",
        FEATURES,
        "getCollections",
        "全部图层 / all layers",
        &["f"],
        &[(JSON, "Collections"), (HTML, "string")],
    ),
    get(
        "/collections/{layer}",
        FEATURES,
        "getCollection",
        "一个图层 / one layer",
        &["layer", "f"],
        &[(JSON, "Collection"), (HTML, "string")],
    ),
    get(
        "/collections/{layer}/schema",
        FEATURES,
        "getSchema",
        "字段 / its fields",
        &["layer", "f"],
        &[(SCHEMA, "object")],
    ),
    get(
        "/collections/{layer}/queryables",
        FEATURES,
        "getQueryables",
        "可作条件的字段 / fields to filter by",
        &["layer", "f"],
        &[(SCHEMA, "object")],
    ),
    get(
        "/collections/{layer}/sortables",
        FEATURES,
        "getSortables",
        "可排序的字段 / fields to sort by",
        &["layer", "f"],
        &[(SCHEMA, "object")],
    ),
    get(
        "/collections/{layer}/items",
        FEATURES,
        "getItems",
        "一页要素，逐条输出 / a page of features, streamed",
        &[
            "layer",
            "limit",
            "offset",
            "cursor",
            "bbox",
            "bbox-crs",
            "crs",
            "datetime",
            "as-of",
            "properties",
            "sortby",
            "filter",
            "filter-lang",
            "filter-crs",
            "field",
            "f",
        ],
        &[
            (GEOJSON, "FeatureCollection"),
            (CSV, "string"),
            (HTML, "string"),
        ],
    ),
    get(
        "/collections/{layer}/items/{id}",
        FEATURES,
        "getItem",
        "一个要素 / one feature",
        &["layer", "id", "crs", "as-of", "f"],
        &[(GEOJSON, "Feature"), (HTML, "string")],
    )
    .further(&["304"]),
    get(
        "/collections/{layer}/items/{id}/unmask",
        FEATURES,
        "unmaskItem",
        "查看一条记录的明文，须写明事由，记入审计 / one record unmasked, for a reason, on record",
        &["layer", "id"],
        &[(JSON, "Unmasked")],
    )
    .post(&[(JSON, "Reason")]),
    get(
        "/collections/{layer}/export",
        FEATURES,
        "exportItems",
        "所选要素作为文件 / what is selected, as a file",
        &[
            "layer",
            "export-f",
            "file-crs",
            "encoding",
            "approval",
            "ids",
            "bbox",
            "bbox-crs",
            "datetime",
            "sortby",
            "filter",
            "filter-lang",
            "filter-crs",
            "field",
        ],
        &[
            (GEOJSON, "FeatureCollection"),
            (CSV, "string"),
            ("application/octet-stream", "binary"),
        ],
    ),
    get(
        "/collections/{layer}/items/{id}/attachments",
        ATTACHMENTS,
        "getAttachments",
        "要素的照片与文件 / photos and documents of a feature",
        &["layer", "id"],
        &[(JSON, "Attachments")],
    ),
    get(
        "/collections/{layer}/items/{id}/attachments",
        ATTACHMENTS,
        "attach",
        "添加照片或 PDF：正文即文件；同一文件重复提交只存一次 / attach a photo or a PDF: the body is the file; sent again, it is there once",
        &["layer", "id", "kind", "name", "caption"],
        &[(JSON, "Attachment")],
    )
    .post(&[(OCTETS, "binary"), ("image/*", "binary"), ("application/pdf", "binary")])
    .further(&["201"]),
    get(
        "/collections/{layer}/items/{id}/attachments/{attachment}",
        ATTACHMENTS,
        "detach",
        "删除附件：文件删除，哈希留在日志中 / remove an attachment: the file goes, its hash stays in the log",
        &["layer", "id", "attachment"],
        &[],
    )
    .method("delete")
    .status("204"),
    get(
        "/attachments/{hash}",
        ATTACHMENTS,
        "getAttachment",
        "附件的文件，照片已去除拍摄信息 / the file; pictures without what the camera wrote",
        &["hash", "original", "approval"],
        &[
            ("image/jpeg", "binary"),
            ("image/png", "binary"),
            ("image/webp", "binary"),
            ("application/pdf", "binary"),
        ],
    )
    .further(&["304"]),
    get(
        "/attachments/{hash}/thumbnail",
        ATTACHMENTS,
        "getThumbnail",
        "照片的缩略图 / a small picture",
        &["hash"],
        &[("image/jpeg", "binary")],
    )
    .further(&["304"]),
    get(
        "/import",
        IMPORT,
        "beginImport",
        "上传文件并检查，不写入 / send files to be checked; nothing is written",
        &[
            "import-layer",
            "file-crs-in",
            "encoding",
            "id_column",
            "table",
            "swap_axes",
        ],
        &[],
    )
    .post(&[("multipart/form-data", "ImportFiles")])
    .further(&["202"]),
    get(
        "/import/{token}",
        IMPORT,
        "getImport",
        "导入的进度与报告 / how far an import is, and its report",
        &["token"],
        &[(JSON, "ImportState")],
    ),
    get(
        "/import/{token}",
        IMPORT,
        "goOnWithImport",
        "按其他选项重新检查，或写入 / check again with other options, or write",
        &["token"],
        &[],
    )
    .post(&[(JSON, "ImportWishes")])
    .further(&["202"]),
    get(
        "/import/{token}",
        IMPORT,
        "forgetImport",
        "放弃导入 / forget an import",
        &["token"],
        &[],
    )
    .method("delete")
    .further(&["204"]),
    get(
        "/collections/{layer}/items",
        FEATURES,
        "createItem",
        "新建要素 / create a feature",
        &["layer", "content-crs", "change-reason", "idempotency-key"],
        &[(GEOJSON, "Feature")],
    )
    .post(&[(GEOJSON, "NewFeature"), (JSON, "NewFeature")])
    .status("201"),
    get(
        "/collections/{layer}/items/{id}",
        FEATURES,
        "replaceItem",
        "替换要素 / replace a feature",
        &["layer", "id", "if-match", "content-crs", "change-reason"],
        &[(GEOJSON, "Feature")],
    )
    .by("put", &[(GEOJSON, "NewFeature"), (JSON, "NewFeature")]),
    get(
        "/collections/{layer}/items/{id}",
        FEATURES,
        "updateItem",
        "修改要素（JSON 合并补丁） / change a feature by a JSON merge patch",
        &["layer", "id", "if-match", "content-crs", "change-reason"],
        &[(GEOJSON, "Feature")],
    )
    .by(
        "patch",
        &[
            (MERGE_PATCH, "FeaturePatch"),
            (GEOJSON, "FeaturePatch"),
            (JSON, "FeaturePatch"),
        ],
    ),
    get(
        "/collections/{layer}/items/{id}",
        FEATURES,
        "deleteItem",
        "删除要素 / delete a feature",
        &["layer", "id", "if-match", "change-reason"],
        &[],
    )
    .by("delete", &[])
    .status("204"),
    get(
        "/collections/{layer}/items/{id}/history",
        CHANGES,
        "getItemHistory",
        "要素的历史，或两个版本之差 / the history of a feature, or the difference of two versions",
        &["layer", "id", "from", "to"],
        &[(JSON, "FeaturePast")],
    ),
    get(
        "/collections/{layer}/items/{id}/revert",
        CHANGES,
        "revertItem",
        "恢复到以前的版本 / return a feature to an earlier version",
        &["layer", "id", "if-match"],
        &[(GEOJSON, "Feature")],
    )
    .post(&[(JSON, "RevertItem")])
    .further(&["204"]),
    get(
        "/enforcement/totals",
        ENFORCEMENT,
        "getEnforcementTotals",
        "两违的宗数与面积，可分组 / cases and square metres, in all and by group",
        &["case-by", "case-date", "case-from", "case-to", "kind", "source", "case-state", "is_new", "grid", "co_op", "demolished", "counts", "as-of"],
        &[(JSON, "CaseTotals")],
    ),
    get(
        "/enforcement/cases",
        ENFORCEMENT,
        "getEnforcementCases",
        "构成合计的案件，或台账 / the cases that a total is made of, or the ledger",
        &["case-date", "case-from", "case-to", "kind", "source", "case-state", "is_new", "grid", "co_op", "demolished", "counts", "as-of", "case-f", "case-limit", "approval"],
        &[(JSON, "CaseList"), (XLSX, "binary"), ("application/pdf", "binary")],
    ),
    get(
        "/enforcement/cases/{id}/facts",
        ENFORCEMENT,
        "getEnforcementFacts",
        "案件所在的网格、经济社，侵占的管控线、规划地类面积 / where a case lies, and square metres of what it reaches into",
        &["id"],
        &[(JSON, "CaseFacts")],
    ),
    get(
        "/enforcement/cases/{id}/documents",
        ENFORCEMENT,
        "getCaseDocuments",
        "案件已制发的文书，和可以制发的 / the documents of a case, and those that may be issued",
        &["id"],
        &[(JSON, "CaseDocuments")],
    ),
    get(
        "/enforcement/cases/{id}/documents/{document}",
        ENFORCEMENT,
        "issueCaseDocument",
        "制发文书：填写、编号、留存 DOCX 与 PDF / issue a document: filled, numbered, kept",
        &["id", "document", "idempotency-key"],
        &[(JSON, "CaseDocuments")],
    )
    .post(&[(JSON, "object")])
    .status("201"),
    get(
        "/enforcement/cases/{id}/documents/{document}/draft",
        ENFORCEMENT,
        "draftCaseDocument",
        "文书草稿（PDF，无文号，不留存） / a draft without a number, kept nowhere",
        &["id", "document"],
        &[("application/pdf", "binary")],
    )
    .post(&[(JSON, "object")]),
    get(
        "/enforcement/cases/{id}/documents/{document}/void",
        ENFORCEMENT,
        "voidCaseDocument",
        "作废文书，文号不再使用 / void a document; its number stays used",
        &["id", "document"],
        &[(JSON, "CaseDocuments")],
    )
    .post(&[(JSON, "object")]),
    get(
        "/enforcement/comparison",
        ENFORCEMENT,
        "beginComparison",
        "与另一期房屋轮廓，或与过去某日比对 / the houses against another survey, or against a past day",
        &["as-of"],
        &[(JSON, "ComparisonState")],
    )
    .post(&[(GEOJSON, "object"), (JSON, "object")])
    .status("202"),
    get(
        "/enforcement/comparison/{token}",
        ENFORCEMENT,
        "getComparison",
        "比对的进度与结果 / how far a comparison is, and what it found",
        &["token"],
        &[(JSON, "ComparisonState")],
    ),
    get(
        "/enforcement/comparison/{token}",
        ENFORCEMENT,
        "giveUpComparison",
        "放弃比对 / give a comparison up",
        &["token"],
        &[],
    )
    .method("delete")
    .further(&["204"]),
    get(
        "/enforcement/report",
        ENFORCEMENT,
        "getEnforcementReport",
        "两违日报、周报、月报、年报 / the report of a day, week, month or year",
        &["case-period", "case-day", "case-by", "kind", "source", "case-state", "is_new", "grid", "co_op", "as-of", "report-f", "approval"],
        &[(JSON, "CaseReport"), (XLSX, "binary"), ("application/pdf", "binary")],
    ),
    get(
        "/enforcement/visits",
        ENFORCEMENT,
        "getReturnVisits",
        "应回访的已结案件 / closed cases that are to be looked at again",
        &[],
        &[(JSON, "ReturnVisits")],
    ),
    get(
        "/enforcement/patrol",
        ENFORCEMENT,
        "getPatrol",
        "巡查清单：按分值排序的地点和走法 / where the next round goes: places by their points, and the way",
        &["patrol-grid", "patrol-from", "patrol-limit"],
        &[(JSON, "Patrol")],
    ),
    get(
        "/enforcement/parties",
        ENFORCEMENT,
        "getCaseParties",
        "涉及多宗案件的当事人 / parties of two cases or more, told apart by identity",
        &[],
        &[(JSON, "CaseParties")],
    ),
    get(
        "/enforcement/scattered",
        ENFORCEMENT,
        "getScattered",
        "散乱污场所：家数与清单 / scattered, disorderly and polluting premises: counts and list",
        &["swl_type", "swl_measure", "swl_state", "as-of"],
        &[(JSON, "Scattered")],
    ),
    get(
        "/enforcement/difference",
        ENFORCEMENT,
        "getEnforcementDifference",
        "与某日相比变化的案件 / the cases that make a figure differ from that of a day",
        &["case-date", "case-from", "case-to", "kind", "source", "case-state", "is_new", "grid", "co_op", "demolished", "counts", "as-of"],
        &[(JSON, "CaseDifference")],
    ),
    get(
        "/events/totals",
        PROCESSES,
        "getEventTotals",
        "网格事件的件数与办结率等，可分组，附上年同期 / counts and rates of grid events, in all and by group, with the same period of the year before",
        &["event-by", "event-from", "event-to", "type", "event-source", "level", "urgency", "grid", "co_op", "village"],
        &[(JSON, "EventTotals")],
    ),
    get(
        "/events",
        PROCESSES,
        "getEvents",
        "构成合计的事件 / the events that a total is made of",
        &["figure", "event-from", "event-to", "type", "event-source", "level", "urgency", "grid", "co_op", "village", "event-limit"],
        &[(JSON, "Events")],
    ),
    get(
        "/processes",
        PROCESSES,
        "getProcesses",
        "有办理流程的图层 / the layers that have a process",
        &[],
        &[(JSON, "Processes")],
    ),
    get(
        "/processes/{layer}",
        PROCESSES,
        "getProcess",
        "办理流程：状态、步骤、时限 / a process: states, steps, limits",
        &["layer", "process-version"],
        &[(JSON, "Machine")],
    ),
    get(
        "/processes/{layer}/queue",
        PROCESSES,
        "getProcessQueue",
        "在办清单，最先到期的在前 / what is under way, the soonest due first",
        &["layer", "process-state", "overdue", "mine", "queue-show", "queue-limit"],
        &[(JSON, "Queue")],
    ),
    get(
        "/processes/{layer}/steps/{step}",
        PROCESSES,
        "takeSteps",
        "多件同办一步，逐件给出结果 / take a step with several features; each has its own answer",
        &["layer", "step", "idempotency-key"],
        &[(JSON, "StepsTaken")],
    )
    .post(&[(JSON, "StepsGiven")]),
    get(
        "/collections/{layer}/items/{id}/process",
        PROCESSES,
        "getItemProcess",
        "要素办到哪一步、下一步可办什么、办理记录 / where a feature stands, what may be done next, what was done",
        &["layer", "id"],
        &[(JSON, "Standing")],
    ),
    get(
        "/collections/{layer}/items/{id}/process/{step}",
        PROCESSES,
        "takeStep",
        "办理一步 / take a step",
        &["layer", "id", "step", "if-match", "idempotency-key"],
        &[(JSON, "Standing")],
    )
    .post(&[(JSON, "StepGiven")]),
    get(
        "/changes",
        CHANGES,
        "getChanges",
        "修改日志；Accept: text/event-stream 为实时流 / the log of changes; a live stream where text/event-stream is accepted",
        &["since", "log-limit"],
        &[(JSON, "ChangeLog"), (EVENTS, "string")],
    ),
    get(
        "/changes/days",
        CHANGES,
        "getDaysOfChange",
        "这些图层有修改的日期 / the days on which something of these layers changed",
        &["changed-layers"],
        &[(JSON, "DaysOfChange")],
    ),
    get(
        "/changes",
        CHANGES,
        "postChanges",
        "一次修改多个要素，全部或全不 / change many features, all or nothing",
        &["idempotency-key"],
        &[(JSON, "Changed")],
    )
    .post(&[(JSON, "ChangeSet")]),
    get(
        "/changes/{change_set}/revert",
        CHANGES,
        "revertChangeSet",
        "撤销一个变更集 / take a change set back",
        &["change_set"],
        &[(JSON, "Changed")],
    )
    .post(&[(JSON, "Revert")]),
    get(
        "/batches/{batch}/revert",
        CHANGES,
        "revertBatch",
        "撤销一次导入 / take an import back",
        &["batch"],
        &[(JSON, "Changed")],
    )
    .post(&[(JSON, "Revert")]),
    get(
        "/search",
        PLACES,
        "search",
        "按编码、地址、名称、拼音查找 / find by code, address, name or sound",
        &["q", "kinds", "near", "purpose", "search-limit"],
        &[(JSON, "SearchResults")],
    ),
    get(
        "/lookup",
        PLACES,
        "lookup",
        "一点所在 / what is at a point",
        &["point", "lookup-crs", "lookup-layers"],
        &[(JSON, "Lookup")],
    ),
    get(
        "/lookup",
        PLACES,
        "lookupMany",
        "许多点所在，逐条输出 / what is at many points, streamed",
        &["lookup-crs", "lookup-layers"],
        &[("application/x-ndjson", "string"), (CSV, "string")],
    )
    .post(&[("application/x-ndjson", "string"), (CSV, "string")]),
    get(
        "/houses/{id}",
        PLACES,
        "getHouse",
        "房屋页：按套间的住户、所在网格、合同、案件、走访 / a house: who lives there by room, its grid, contracts, cases, visits",
        &["id"],
        &[(JSON, "House")],
    ),
    get(
        "/coverage",
        PLACES,
        "getCoverage",
        "走访轮次的进度，或各户多久没走访，及人屋车场网完成度 / how far a round of visits has come, or when each house was last seen; completeness by grid",
        &["round"],
        &[(JSON, "Coverage")],
    ),
    get(
        "/coverage/houses",
        PLACES,
        "getCoverageHouses",
        "构成走访、租赁申报一项数字的房屋 / the houses that a figure of the coverage is made of",
        &["coverage-of", "round", "grid", "houses-limit", "offset"],
        &[(JSON, "HouseList")],
    ),
    get(
        "/people/doubles",
        PLACES,
        "getDoubles",
        "可能是同一人的记录，遮盖后并列 / records that may be one person, side by side, masked",
        &["house", "search-limit", "offset"],
        &[(JSON, "Doubles")],
    ),
    get(
        "/people/merge",
        PLACES,
        "mergePeople",
        "把同一人的几份记录并成一份；原编号指向保留的一份 / make records of one person one; the other ids lead to it",
        &["idempotency-key"],
        &[(JSON, "MergedPeople")],
    )
    .post(&[(JSON, "PeopleMerge")]),
    get(
        "/quality",
        SERVICE,
        "getQuality",
        "数据质量：错误与疑点 / what in the data is wrong or suspicious",
        &[],
        &[(JSON, "Quality")],
    ),
    get(
        "/night-counts",
        PLACES,
        "countAtNight",
        "夜间清点车辆，每牌每夜一次 / count vehicles at night, each plate once a night",
        &[],
        &[(JSON, "NightCounted")],
    )
    .post(&[(JSON, "NightCount")]),
    get(
        "/registers",
        IMPORT,
        "takeRegister",
        "导入人屋台账（xlsx），dry_run 只检查 / take a register of people in; dry_run only checks",
        &["dry-run", "partial"],
        &[(JSON, "RegisterTaken")],
    )
    .post(&[("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "string")]),
    get(
        "/sheets",
        PLACES,
        "getSheets",
        "图幅一览 / the map sheets",
        &["sheet-grid"],
        &[(JSON, "SheetList")],
    ),
    get(
        "/sheets/{sheet}",
        PLACES,
        "getSheet",
        "图幅：以 .pdf 结尾为可打印的文件，否则为现状；at 为所印的变更序号 / a sheet: to print where the path ends in .pdf, else how it stands; at is the number that a print shows",
        &["sheet", "paper", "residents", "at", "approval"],
        &[(JSON, "PrintedSheet"), ("application/pdf", "string")],
    ),
    get(
        "/statistics",
        PLACES,
        "statistics",
        "划定区域内的统计 / counts in a drawn area",
        &[],
        &[(JSON, "Statistics")],
    )
    .post(&[(JSON, "StatisticsRequest")]),
    get(
        "/statistics/features",
        PLACES,
        "listCounted",
        "构成统计中一项数字的案件、合同、地块或控制线 / the cases, contracts, plots or lines that a number of the statistics is made of",
        &["feature-figure", "features-limit", "offset"],
        &[(JSON, "FeatureList")],
    )
    .post(&[(JSON, "StatisticsRequest")]),
    get(
        "/statistics/houses",
        PLACES,
        "listHouses",
        "构成统计中一项数字的房屋，各占多少 / the houses that a number of the statistics is made of, each with its part",
        &["house-figure", "houses-limit", "offset"],
        &[(JSON, "HouseList")],
    )
    .post(&[(JSON, "StatisticsRequest")]),
    get(
        "/statistics/people",
        PLACES,
        "exportPeople",
        "划定区域内居住人员的名单，须经另一人审批 / the people living in a drawn area, when somebody else approved",
        &["area", "area-layer", "id-of", "ids-of", "buffer_m", "area-rule", "people-f", "approval"],
        &[(XLSX, "binary"), (CSV, "string")],
    ),
    get(
        "/contracts",
        RENEWAL,
        "getContracts",
        "集体合同台账：到期、欠租、低于指导价、闲置资产 / ledger of contracts and idle assets",
        &["on", "asset", "contract"],
        &[(JSON, "Ledger")],
    ),
    get(
        "/contracts/{id}/rent",
        RENEWAL,
        "getRent",
        "逐月应收租金：递增与减免 / rent month by month, with step-ups and relief",
        &["id"],
        &[(JSON, "RentMonths")],
    ),
    get(
        "/renewal/outline",
        RENEWAL,
        "outlineUnit",
        "由网格和增减、切割步骤得到范围及其指标 / the outline of some steps, and what it holds",
        &[],
        &[(JSON, "Outline")],
    )
    .post(&[(JSON, "OutlineRequest")]),
    get(
        "/renewal/indicators",
        RENEWAL,
        "getIndicators",
        "指标的公式、单位与来源 / formulas, units and sources of the indicators",
        &[],
        &[(JSON, "Indicators")],
    ),
    get(
        "/renewal/suggest",
        RENEWAL,
        "suggestUnits",
        "从一点生长到目标面积的几种单元 / units grown from a point to a wanted size",
        &[],
        &[(JSON, "Suggestions")],
    )
    .post(&[(JSON, "SuggestionRequest")]),
    get(
        "/renewal/disposal",
        RENEWAL,
        "getDisposal",
        "分类处置各类的栋数 / houses by class of disposal",
        &["unit", "houses"],
        &[(JSON, "DisposalClasses")],
    ),
    get(
        "/renewal/disposal",
        RENEWAL,
        "classHouses",
        "按条件批量归类，可先试算 / class houses by a rule, tried first",
        &[],
        &[(JSON, "DisposalDone")],
    )
    .post(&[(JSON, "DisposalRule")]),
    get(
        "/renewal/units",
        RENEWAL,
        "getUnits",
        "更新单元的指标与成熟度 / units with figures and maturity, the ripest first",
        &[],
        &[(JSON, "Units")],
    ),
    get(
        "/renewal/totals",
        RENEWAL,
        "getRenewalTotals",
        "更新单元按网格、经济社、村、镇街、区汇总 / what the units of each grid, co-operative, village, street or district hold",
        &["renewal-by"],
        &[(JSON, "RenewalTotals")],
    ),
    get(
        "/renewal/units/{id}/report",
        RENEWAL,
        "getUnitReport",
        "单元的叠加分析报告 / the overlay report of a unit",
        &["id", "report-f", "approval"],
        &[(JSON, "UnitReport"), (XLSX, "binary"), ("application/pdf", "binary")],
    ),
    get(
        "/renewal/units/{id}/work",
        RENEWAL,
        "getUnitWork",
        "单元的调查、措施、表决、公示、资金 / survey, measures, votes, notices and money of a unit",
        &["id"],
        &[(JSON, "UnitWork")],
    ),
    get(
        "/renewal/measures",
        RENEWAL,
        "setMeasures",
        "按条件设定房屋的措施与分期，可先试算 / set measure and phase of houses by a rule, tried first",
        &[],
        &[(JSON, "MeasuresDone")],
    )
    .post(&[(JSON, "MeasureRule")]),
    get(
        "/plans",
        RENEWAL,
        "getPlans",
        "现状、现行规划和各规划版本 / land as it is, the plan in force, and versions of plans",
        &["as-of"],
        &[(JSON, "PlanVersions")],
    ),
    get(
        "/plans/structure",
        RENEWAL,
        "getLandStructure",
        "用地结构：前、后、增减，合计等于范围面积 / structure of the land before and after, which adds up to the ground",
        &["plan-before", "plan-after", "plan-layer", "plan-place", "as-of", "structure-f"],
        &[(JSON, "LandStructure"), (XLSX, "binary")],
    ),
    get(
        "/renewal/variants",
        RENEWAL,
        "getVariants",
        "比选方案，现在的或某一时刻的 / variants of units, now or as of a moment",
        &["unit", "as-of"],
        &[(JSON, "UnitVariants")],
    ),
    get(
        "/renewal/variants",
        RENEWAL,
        "makeVariant",
        "拟定比选方案 / make a variant",
        &[],
        &[(JSON, "UnitVariant")],
    )
    .post(&[(JSON, "VariantDraft")])
    .status("201"),
    get(
        "/renewal/variants/{id}",
        RENEWAL,
        "getVariant",
        "一个方案及其指标 / one variant with its figures",
        &["id", "as-of"],
        &[(JSON, "OpenVariant")],
    ),
    get(
        "/renewal/variants/{id}/history",
        RENEWAL,
        "getVariantHistory",
        "方案的各个版本 / the versions of a variant",
        &["id"],
        &[(JSON, "VariantVersions")],
    ),
    get(
        "/renewal/variants/{id}",
        RENEWAL,
        "changeVariant",
        "修改方案 / change a variant",
        &["id"],
        &[(JSON, "UnitVariant")],
    )
    .by("patch", &[(JSON, "VariantDraft")]),
    get(
        "/renewal/variants/{id}",
        RENEWAL,
        "deleteVariant",
        "删除方案 / delete a variant",
        &["id"],
        &[],
    )
    .method("delete")
    .status("204"),
    get(
        "/renewal/variants/{id}/{act}",
        RENEWAL,
        "moveVariant",
        "送审、撤回、退回、采用 / send in, recall, return, adopt",
        &["id", "act"],
        &[(JSON, "UnitVariant")],
    )
    .post(&[(JSON, "VariantDraft")]),
    get(
        "/tiles/{layers}",
        TILES,
        "getTileJson",
        "TileJSON 3.0，路径以 .json 结尾 / TileJSON 3.0; the path ends in .json",
        &["layers"],
        &[(JSON, "object")],
    ),
    get(
        "/tiles/{layers}/{z}/{x}/{y}",
        TILES,
        "getTile",
        "矢量瓦片 / a vector tile",
        &[
            "layers", "z", "x", "y", "aggregate", "datetime", "as-of", "filter", "filter-lang",
            "filter-crs",
        ],
        &[(TILE, "binary"), (MLT, "binary")],
    )
    .further(&["204", "304"]),
    get(
        "/styles",
        TILES,
        "getStyles",
        "地图样式 / styles of the map",
        &[],
        &[(JSON, "object")],
    ),
    get(
        "/styles/{style}",
        TILES,
        "getStyle",
        "MapLibre 样式 / a MapLibre style",
        &["style"],
        &[(STYLE, "object")],
    ),
    get(
        "/tileMatrixSets",
        TILES,
        "getTileMatrixSets",
        "切片方案 / tiling schemes",
        &[],
        &[(JSON, "object")],
    ),
    get(
        "/tileMatrixSets/{matrix}",
        TILES,
        "getTileMatrixSet",
        "一个切片方案 / one tiling scheme",
        &["matrix"],
        &[(JSON, "object")],
    ),
    get(
        "/collections/{layer}/tiles",
        TILES,
        "getTileSets",
        "图层的切片 / the tile sets of a layer",
        &["layer"],
        &[(JSON, "object")],
    ),
    get(
        "/collections/{layer}/tiles/{matrix}",
        TILES,
        "getTileSet",
        "图层的一套切片 / one tile set of a layer",
        &["layer", "matrix"],
        &[(JSON, "object")],
    ),
    get(
        "/collections/{layer}/tiles/{matrix}/{z}/{y}/{x}",
        TILES,
        "getCollectionTile",
        "图层的矢量瓦片 / a vector tile of a layer",
        &[
            "layer", "matrix", "z", "y", "x", "aggregate", "datetime", "as-of", "filter",
            "filter-lang", "filter-crs",
        ],
        &[(TILE, "binary"), (MLT, "binary")],
    )
    .further(&["204", "304"]),
    get(
        "/basemaps",
        TILES,
        "getBaseMaps",
        "底图 / base maps",
        &[],
        &[(JSON, "BaseMaps")],
    ),
    get(
        "/basemaps/{id}/{z}/{x}/{y}",
        TILES,
        "getBaseMapTile",
        "底图瓦片 / a tile of a base map",
        &["id", "z", "x", "y"],
        &[
            ("image/png", "binary"),
            ("image/jpeg", "binary"),
            ("image/webp", "binary"),
            (TILE, "binary"),
        ],
    )
    .further(&["204", "304"]),
    get(
        "/session",
        SERVICE,
        "getSession",
        "当前用户与权限 / who is asking, and what they may do",
        &[],
        &[(JSON, "Session")],
    ),
    get(
        "/session",
        SERVICE,
        "signIn",
        "登录，以 Cookie 保持 / sign in; a cookie keeps the session",
        &[],
        &[(JSON, "Session")],
    )
    .post(&[(JSON, "Credentials")]),
    get(
        "/session",
        SERVICE,
        "signOut",
        "退出登录 / sign out",
        &[],
        &[],
    )
    .method("delete")
    .further(&["204"]),
    get(
        "/session/password",
        SERVICE,
        "changePassword",
        "修改口令 / choose a new password",
        &[],
        &[],
    )
    .post(&[(JSON, "NewPassword")])
    .further(&["204"]),
    get(
        "/session/factor",
        SERVICE,
        "beginSecondFactor",
        "设置动态码：给出密钥与二维码 / a secret and its QR code for an authenticator",
        &[],
        &[(JSON, "Enrolment")],
    )
    .post(&[]),
    get(
        "/session/factor",
        SERVICE,
        "confirmSecondFactor",
        "以第一个动态码确认，给出恢复码 / confirmed by the first code; gives recovery codes",
        &[],
        &[(JSON, "Recovery")],
    )
    .post(&[(JSON, "Code")])
    .method("put"),
    get(
        "/session/code",
        SERVICE,
        "giveCode",
        "输入动态码或恢复码 / give a one-time code or a recovery code",
        &[],
        &[],
    )
    .post(&[(JSON, "Code")])
    .further(&["204"]),
    get(
        "/session/oidc",
        SERVICE,
        "beginOidc",
        "到客户的统一认证登录 / to the customer's own identity provider",
        &[],
        &[],
    )
    .further(&["303"]),
    get(
        "/session/oidc/callback",
        SERVICE,
        "finishOidc",
        "从统一认证返回 / back from the identity provider",
        &["code", "state"],
        &[],
    )
    .further(&["303"]),
    get(
        "/rights",
        SERVICE,
        "getRights",
        "权限矩阵 / the matrix of rights",
        &[],
        &[(JSON, "RightsMatrix")],
    ),
    get(
        "/rights",
        SERVICE,
        "changeRights",
        "修改权限矩阵，立即生效 / change the matrix of rights, at once",
        &[],
        &[(JSON, "object")],
    )
    .post(&[(JSON, "RightsChange")])
    .method("patch"),
    get(
        "/rights/why",
        SERVICE,
        "getRightsWhy",
        "某用户为何能看到某项 / why somebody may see something",
        &["user", "action", "why-layer", "why-id", "why-field"],
        &[(JSON, "RightsReason")],
    ),
    get(
        "/rules",
        SERVICE,
        "getRules",
        "办公规则：遮盖、限值、口径，及其版本 / an office's rules: masks, limits, terms, and their versions",
        &[],
        &[(JSON, "object")],
    ),
    get(
        "/rules/{book}",
        SERVICE,
        "changeRules",
        "修改一份规则，或恢复以前的版本 / change a book of rules, or go back to a version",
        &["book"],
        &[(JSON, "object")],
    )
    .post(&[(JSON, "RulesChange")])
    .method("patch"),
    get(
        "/accounts",
        SERVICE,
        "getAccounts",
        "账户与角色 / the accounts, and the roles that there are",
        &[],
        &[(JSON, "Accounts")],
    ),
    get(
        "/accounts",
        SERVICE,
        "makeAccount",
        "新建账户，口令只给出一次 / make an account; its password is given once",
        &[],
        &[(JSON, "Account")],
    )
    .post(&[(JSON, "NewAccount")])
    .status("201"),
    get(
        "/accounts/places",
        SERVICE,
        "getAccountPlaces",
        "可作为管辖范围的地方，按名称或编码查找 / places that an account may answer for, found by name or code",
        &["place-layer", "place-q"],
        &[(JSON, "TerritoryPlaces")],
    ),
    get(
        "/accounts/{user}",
        SERVICE,
        "changeAccount",
        "停用、重设口令、改变角色与管辖范围 / lock, give a new password, another role or territory",
        &["account-user"],
        &[(JSON, "Account")],
    )
    .post(&[(JSON, "AccountChange")])
    .method("patch"),
    get(
        "/exports",
        SERVICE,
        "getExports",
        "出件申请：自己的和可审批的 / requests to take files with personal data away: one's own, and those to decide on",
        &[],
        &[(JSON, "ExportList")],
    ),
    get(
        "/exports",
        SERVICE,
        "askExport",
        "申请出件，由另一人审批 / ask for files, which somebody else approves",
        &[],
        &[(JSON, "ExportRequest")],
    )
    .post(&[(JSON, "ExportWish")])
    .status("201"),
    get(
        "/exports/{id}",
        SERVICE,
        "decideExport",
        "同意、不同意或撤回 / approve, refuse or withdraw",
        &["id"],
        &[(JSON, "ExportRequest")],
    )
    .post(&[(JSON, "ExportDecision")])
    .method("patch"),
    get(
        "/audit",
        SERVICE,
        "getAudit",
        "审计日志，最近的在前 / the audit log, the latest first",
        &[
            "user", "action", "outcome", "object", "from", "until", "before", "limit", "f",
        ],
        &[(JSON, "AuditPage"), (CSV, "string")],
    ),
    get(
        "/audit/alarms",
        SERVICE,
        "getAuditAlarms",
        "审计预警：谁一日内所做超出常规 / who did more than usual in a day",
        &[],
        &[(JSON, "AuditAlarms")],
    ),
    get(
        "/audit/archives",
        SERVICE,
        "getAuditArchives",
        "审计日志的归档文件 / archives of the audit log",
        &[],
        &[(JSON, "AuditArchives")],
    ),
    get(
        "/audit/archives",
        SERVICE,
        "archiveAudit",
        "把到期的日志移入归档文件 / move rows that are due into an archive",
        &[],
        &[(JSON, "AuditArchived")],
    )
    .post(&[(JSON, "AuditArchiving")]),
    get(
        "/audit/archives/{name}",
        SERVICE,
        "getAuditArchive",
        "一份归档 / an archive",
        &["archive-name"],
        &[("application/x-ndjson", "string")],
    ),
    get(
        "/audit/state",
        SERVICE,
        "getAuditState",
        "审计日志是否完整 / whether the audit log is whole",
        &["noted"],
        &[(JSON, "AuditState")],
    ),
    get(
        "/health",
        SERVICE,
        "getHealth",
        "是否就绪，是否只读，文件有无损坏 / ready or why not, read-only or not, and what is damaged in the file",
        &[],
        &[(JSON, "object")],
    ),
    get(
        "/health/live",
        SERVICE,
        "getLive",
        "进程是否应答，无内容 / whether the process answers; no content",
        &[],
        &[],
    )
    .status("204"),
    get(
        "/metrics",
        SERVICE,
        "getMetrics",
        "Prometheus 指标 / Prometheus metrics",
        &[],
        &[("text/plain", "string")],
    ),
];
