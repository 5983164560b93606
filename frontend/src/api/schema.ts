/**
 * What the API answers and takes. Made by `npm run api-types` from the server's OpenAPI document; do not edit.
 */
import type { Geometry } from 'geojson';

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description RFC 9457 */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            errors?: {
                field: string;
                row?: number;
                code: string;
                message: string;
                change?: number;
                layer?: string;
                id?: string;
                place?: [
                    number,
                    number
                ];
            }[];
            current?: Record<string, never>[];
        };
        ImportFiles: {
            file: string[];
        };
        Reason: {
            reason: string;
        };
        Credentials: {
            user: string;
            password: string;
        };
        Code: {
            code: string;
        };
        NewPassword: {
            old: string;
            new: string;
        };
        ImportWishes: {
            /** @default false */
            commit: boolean;
            accept_partial?: boolean;
            layer?: string;
            crs?: string;
            encoding?: string;
            id_column?: string;
            table?: string;
            swap_axes?: boolean;
            fields?: {
                [key: string]: string;
            };
            constants?: {
                [key: string]: string | number | boolean;
            };
            codes?: {
                [key: string]: {
                    [key: string]: string;
                };
            };
        };
        Link: {
            href: string;
            rel: string;
            type?: string;
            title?: string;
        };
        LandingPage: {
            title?: string;
            description?: string;
            attribution?: string;
            links: components["schemas"]["Link"][];
        };
        Conformance: {
            conformsTo: string[];
        };
        Collections: {
            links: components["schemas"]["Link"][];
            crs?: string[];
            collections: components["schemas"]["Collection"][];
        };
        Collection: {
            id: string;
            title?: string;
            description?: string;
            itemType?: string;
            links: components["schemas"]["Link"][];
            extent?: Record<string, never>;
            crs?: string[];
            storageCrs?: string;
        };
        Feature: {
            /** @enum {string} */
            type: "Feature";
            id: string;
            geometry: components["schemas"]["Geometry"] | null;
            properties: {
                [key: string]: unknown;
            };
            links?: components["schemas"]["Link"][];
        };
        FeatureCollection: {
            /** @enum {string} */
            type: "FeatureCollection";
            features: components["schemas"]["Feature"][];
            numberMatched?: number;
            numberReturned?: number;
            /** Format: date-time */
            timeStamp?: string;
            links?: components["schemas"]["Link"][];
        };
        StatisticsRequest: {
            /** @description GeoJSON Polygon, MultiPolygon */
            area?: Record<string, never>;
            /** @default 0 */
            buffer_m: number;
            /** @enum {string} */
            rule?: "representative_point" | "intersects" | "within";
            by?: string;
            layer?: string;
            id?: string;
            ids?: string[];
            /** Format: date */
            on?: string;
        };
        /** @description A text in Chinese and English. */
        Text: {
            zh: string;
            en: string;
        };
        Field: {
            name: string;
            label: components["schemas"]["Text"];
            /** @enum {string} */
            type: "text" | "integer" | "decimal" | "boolean" | "date" | "date_time" | "json";
            unit?: string;
            decimals?: number;
            range?: [
                number,
                number
            ];
            max_length?: number;
            pattern?: string;
            code_list?: string;
            /** @description Code lists that another field chooses between. */
            code_list_when?: {
                field: string;
                lists: {
                    [key: string]: string;
                };
            };
            reference?: string;
            required?: boolean;
            unique?: boolean;
            mask?: string;
            /** @enum {string} */
            sensitivity?: "public" | "internal" | "personal" | "sensitive";
            note?: components["schemas"]["Text"];
        };
        Style: {
            color: string;
            fill_opacity?: number;
            outline?: string;
            /** @description Width of lines and outlines in pixels, or radius of points. */
            width?: number;
            dash?: number[];
            color_by?: string;
            /** @description Place from bottom to top. */
            draw_order?: number;
            min_zoom?: number;
            label_zoom?: number;
            visible?: boolean;
        };
        Layer: {
            id: string;
            title: components["schemas"]["Text"];
            theme: string;
            /** @enum {string} */
            geometry: "none" | "point" | "line" | "polygon" | "any";
            version?: string;
            standard?: string;
            description?: components["schemas"]["Text"];
            partition?: boolean;
            personal?: boolean;
            code?: string;
            label?: string;
            search?: string[];
            counter?: components["schemas"]["Text"];
            style?: components["schemas"]["Style"];
            fields: components["schemas"]["Field"][];
            count?: number;
            tiles?: boolean;
            bounds?: components["schemas"]["Bounds"] | null;
        };
        /** @description West, south, east, north in degrees. */
        Bounds: [
            number,
            number,
            number,
            number
        ];
        ListedCode: {
            code: string;
            label: components["schemas"]["Text"];
            parent?: string;
            color?: string;
        };
        CodeList: {
            id: string;
            title: components["schemas"]["Text"];
            standard?: string;
            version?: string;
            codes: components["schemas"]["ListedCode"][];
        };
        Theme: {
            id: string;
            title: components["schemas"]["Text"];
        };
        Project: {
            title: components["schemas"]["Text"];
            synthetic: boolean;
            notice: components["schemas"]["Text"] | null;
            bounds: components["schemas"]["Bounds"] | null;
            metric_crs?: string;
            sequence?: number;
            read_only?: boolean;
        };
        Catalog: {
            project: components["schemas"]["Project"];
            themes: components["schemas"]["Theme"][];
            layers: components["schemas"]["Layer"][];
            code_lists: {
                [key: string]: components["schemas"]["CodeList"];
            };
        };
        BaseMap: {
            id: string;
            title: components["schemas"]["Text"];
            /** @enum {string} */
            kind: "raster" | "vector";
            tiles: string[];
            attribution?: string | null;
            bounds?: components["schemas"]["Bounds"] | null;
            minzoom?: number;
            maxzoom?: number;
        };
        /** @description Longitude and latitude in degrees, CGCS2000. */
        LonLat: [
            number,
            number
        ];
        /** @description GeoJSON (RFC 7946) */
        Geometry: Geometry;
        BaseMaps: components["schemas"]["BaseMap"][];
        HistoryEntry: {
            sequence: number;
            /** @enum {string} */
            operation: "insert" | "update" | "delete";
            at: string;
            author: string | null;
            reason: string | null;
            change_set: number | null;
            batch: string | null;
            before: components["schemas"]["Feature"] | null;
            after: components["schemas"]["Feature"] | null;
            /** @description Names of the fields that differ; `geometry` for the shape. */
            changed: string[];
        };
        History: {
            layer: string;
            id: string;
            version: number;
            entries: components["schemas"]["HistoryEntry"][];
            predecessors?: {
                id: string;
                change_set: number;
            }[];
            successors?: {
                id: string;
                change_set: number;
            }[];
        };
        /** @description Two versions of a feature, and the fields that differ. */
        Difference: {
            from: components["schemas"]["Feature"] | null;
            to: components["schemas"]["Feature"] | null;
            changed: {
                field: string;
                before?: unknown;
                after?: unknown;
            }[];
        };
        FeaturePast: components["schemas"]["History"] | components["schemas"]["Difference"];
        DaysOfChange: {
            days: string[];
        };
        ContractEntry: {
            id: string;
            code: string | null;
            name: string | null;
            lessee: string | null;
            /** @description On the day of the ledger: a code of contract_state. */
            state: string;
            start_on: string | null;
            end_on: string | null;
            days_left: number | null;
            /**
             * @description On the day of the ledger.
             * @enum {string}
             */
            course: "ahead" | "running" | "over";
            /** @description The least of the days ahead within which it ends. */
            ends_within: number | null;
            area_m2: number | null;
            amount_fen: number | null;
            monthly_fen: number;
            due_this_year_fen: number;
            relief_this_year_fen: number;
            arrears_fen: number;
            overdue_days: number | null;
            rent_per_m2_fen: number | null;
            guide_per_m2_fen: number | null;
            below_guide: boolean;
            assets: string[];
            reliefs: components["schemas"]["Relief"][];
            unread_reliefs: components["schemas"]["Text"][];
        };
        LedgerAsset: {
            id: string;
            code: string | null;
            name: string | null;
            kind: string | null;
            state: string | null;
            area_m2: number | null;
            place: [
                number,
                number
            ] | null;
        };
        Ledger: {
            sequence: number;
            on: string;
            count: number;
            amount_fen: number;
            monthly_fen: number;
            due_this_year_fen: number;
            arrears_fen: number;
            /** @description Days ahead that are looked at, the least first. */
            ahead: [
                number,
                number,
                number
            ];
            expiring: [
                number,
                number,
                number
            ];
            below_guide: number;
            contracts: components["schemas"]["ContractEntry"][];
            assets: components["schemas"]["LedgerAsset"][];
            idle: components["schemas"]["LedgerAsset"][];
            idle_m2: number;
        };
        /** @description Part of the rent of some days that is let off. */
        Relief: {
            from: string;
            to: string;
            percent: number;
            reason: string;
        };
        /** @description What is due for a month that begins on a day. */
        RentMonth: {
            from: string;
            rent_fen: number;
            relief_fen: number;
            due_fen: number;
        };
        RentMonths: components["schemas"]["RentMonth"][];
        DocumentFile: {
            sha256: string;
            href: string;
        };
        IssuedDocument: {
            id: string;
            kind: string;
            number: string;
            issued_on: string;
            author: string;
            form: string;
            docx: components["schemas"]["DocumentFile"];
            pdf: components["schemas"]["DocumentFile"];
            /** @description Whether the files, which name persons, are for this viewer. */
            may_read: boolean;
            may_void: boolean;
            void: {
                reason: string;
                author: string;
                on: string;
            } | null;
        };
        DocumentAsk: {
            name: string;
            label: components["schemas"]["Text"];
            /** @enum {string} */
            type: "text" | "integer" | "decimal" | "boolean" | "date" | "date_time" | "json";
            required: boolean;
            choices: string[];
        };
        DocumentForm: {
            id: string;
            title: components["schemas"]["Text"];
            version: string;
            standard: string | null;
            asks: components["schemas"]["DocumentAsk"][];
        };
        CaseDocuments: {
            issued: components["schemas"]["IssuedDocument"][];
            forms: components["schemas"]["DocumentForm"][];
            parties: {
                id: string;
                name: string;
                role: string;
            }[];
        };
        /** @description Closed cases that are to be looked at again, the longest due first. */
        ReturnVisits: {
            matched: number;
            late: number;
            months: number[];
            rows: {
                id: string;
                code: string | null;
                address: string | null;
                due: string;
                late: boolean;
                months: number;
            }[];
        };
        /** @enum {string} */
        FootprintKind: "new" | "extended" | "taller" | "split" | "merged" | "regrouped" | "reduced" | "vanished";
        FootprintSide: {
            id?: string;
            label?: string | null;
            number?: number;
        };
        FootprintChange: {
            kind: components["schemas"]["FootprintKind"];
            /** @description Ground that came or went; for what is taller, floor area. */
            area_m2: number;
            /** @description From 0 to 1. */
            confidence: number;
            before: components["schemas"]["FootprintSide"][];
            after: components["schemas"]["FootprintSide"][];
            ground_m2: number | null;
            /** @description The share that lies in permits; none where the map has no permits. */
            permitted: number | null;
            /** @description 疑似: hardly any of it lies in a permit. */
            suspected: boolean;
            grid: {
                id: string;
                title: string | null;
            } | null;
            place: components["schemas"]["LonLat"] | null;
            geometry: components["schemas"]["Geometry"] | null;
        };
        FootprintComparison: {
            sequence: number;
            before: number;
            after: number;
            shift: {
                east_m: number;
                north_m: number;
                residual_m: number;
            };
            changes: number;
            sums: {
                [key: string]: {
                    count: number;
                    area_m2: number;
                };
            };
            rows: components["schemas"]["FootprintChange"][];
            permits: boolean;
        };
        ComparisonState: {
            token: string;
            /** @enum {string} */
            state: "comparing" | "done" | "failed";
            progress?: {
                outlines: number;
                of: number;
            };
            result?: components["schemas"]["FootprintComparison"];
        };
        /** @description What some cases count; areas in m², money in 分. */
        CaseFigures: {
            cases: number;
            void: number;
            clues: number;
            open: number;
            filed: number;
            demolished: number;
            closed: number;
            struck: number;
            buildings: number;
            demolished_buildings: number;
            land_area_m2: number;
            violation_area_m2: number;
            demolished_area_m2: number;
            demolished_footprint_m2: number;
            restored_m2: number;
            penalty_fen: number;
        };
        /** @description The report of a day, week, month or year: tables that the workbook and the PDF show too. */
        CaseReport: {
            title: components["schemas"]["Text"];
            /** @enum {string} */
            period: "day" | "week" | "month" | "year";
            from: string;
            to: string;
            /** @description The moment that it is of; empty where a change was named. */
            as_of: string;
            sequence: number;
            definition: string;
            /** @description SHA-256 of the period, the sequence and the tables. */
            hash: string;
            sections: components["schemas"]["ReportSection"][];
        };
        CaseTotals: {
            sequence: number;
            definition: string;
            total: {
                overdue: number | null;
                cases: number;
                void: number;
                clues: number;
                open: number;
                filed: number;
                demolished: number;
                closed: number;
                struck: number;
                buildings: number;
                demolished_buildings: number;
                land_area_m2: number;
                violation_area_m2: number;
                demolished_area_m2: number;
                demolished_footprint_m2: number;
                restored_m2: number;
                penalty_fen: number;
            };
            groups: {
                key: string | null;
                title: components["schemas"]["Text"];
                cases: number;
                void: number;
                clues: number;
                open: number;
                filed: number;
                demolished: number;
                closed: number;
                struck: number;
                buildings: number;
                demolished_buildings: number;
                land_area_m2: number;
                violation_area_m2: number;
                demolished_area_m2: number;
                demolished_footprint_m2: number;
                restored_m2: number;
                penalty_fen: number;
            }[];
            /** @description 小产权房, by 栋: never added to the cases. */
            small_title_buildings: number | null;
        };
        CaseRow: {
            place: components["schemas"]["LonLat"] | null;
            /**
             * Format: date-time
             * @description When its time was over, where those that are late were asked for.
             */
            deadline?: string;
            cases: number;
            void: number;
            clues: number;
            open: number;
            filed: number;
            demolished: number;
            closed: number;
            struck: number;
            buildings: number;
            demolished_buildings: number;
            land_area_m2: number;
            violation_area_m2: number;
            demolished_area_m2: number;
            demolished_footprint_m2: number;
            restored_m2: number;
            penalty_fen: number;
            id: string;
            code: string | null;
            title: string | null;
            address: string | null;
            state: string | null;
            state_code: string;
            kind: string | null;
        };
        CaseDifference: {
            before: components["schemas"]["CaseFigures"];
            after: components["schemas"]["CaseFigures"];
            changed: number;
            rows: {
                id: string;
                code: string | null;
                state_before: string | null;
                state: string | null;
                before: components["schemas"]["CaseFigures"];
                after: components["schemas"]["CaseFigures"];
            }[];
        };
        Queued: {
            id: string;
            /** @description What a step has to name. */
            version: number;
            grid: {
                id: string;
                name: string | null;
            } | null;
            /** @description The fields that were asked for beside. */
            shows: {
                [key: string]: string | null;
            };
            code: string | null;
            label: string | null;
            state: string;
            title: components["schemas"]["Text"];
            since: string | null;
            deadline: string | null;
            overdue: boolean;
            suspended: boolean;
            place: components["schemas"]["LonLat"] | null;
        };
        /** @description What the place of a case implies. */
        CaseFacts: {
            control_line?: {
                code: string;
                title: components["schemas"]["Text"];
                area_m2: number;
            }[];
            plan_land?: {
                code: string;
                title: components["schemas"]["Text"];
                area_m2: number;
            }[];
            land_use?: {
                code: string;
                title: components["schemas"]["Text"];
                area_m2: number;
            }[];
            homes: {
                grid?: {
                    id: string;
                    title: string;
                };
                co_op?: {
                    id: string;
                    title: string;
                };
                village?: {
                    id: string;
                    title: string;
                };
                renewal_unit?: {
                    id: string;
                    title: string;
                };
            };
            area_m2?: number;
            permitted_m2?: number;
            /** @description What was done to each building, the oldest first; null where the viewer may not see it. */
            demolition?: {
                /** @enum {string} */
                act: "拆除" | "复测";
                building: {
                    id: string;
                    title: string;
                };
                floor_area_m2: number | null;
                footprint_m2: number | null;
                demolished_on: string | null;
                remaining_m2: number | null;
                outline: components["schemas"]["Geometry"] | null;
                outline_m2: number | null;
                reason: string | null;
                officer: string | null;
                at: string;
            }[] | null;
        };
        /** @description Parties of two cases or more, told apart by identity, those of most cases first. */
        CaseParties: {
            matched: number;
            rows: {
                /** @description One of the rows of the party. */
                id: string;
                name: string | null;
                cases: {
                    id: string;
                    roles: string[];
                    code: string;
                    address: string;
                    state: string;
                    kind: string;
                    violation_area_m2: number | null;
                }[];
            }[];
        };
        /** @description 散乱污 premises by 家: counts of all that are meant, and the list. */
        Scattered: {
            total: {
                listed: number;
                cleared: number;
                open: number;
                recurred: number;
            };
            by: {
                swl_type: components["schemas"]["ScatteredGroup"][];
                swl_measure: components["schemas"]["ScatteredGroup"][];
                swl_state: components["schemas"]["ScatteredGroup"][];
            };
            matched: number;
            rows: {
                id: string;
                cleared: boolean;
                recurred: boolean;
                place: components["schemas"]["LonLat"] | null;
                name: string | null;
                address: string | null;
                swl_found_on: string | null;
                cleared_on: string | null;
                swl_type: string | null;
                swl_measure: string | null;
                swl_state: string | null;
            }[];
        };
        ScatteredGroup: {
            code: string;
            title: components["schemas"]["Text"];
            listed: number;
            cleared: number;
            open: number;
            recurred: number;
        };
        CaseList: {
            matched: number;
            total: components["schemas"]["CaseFigures"];
            /** Format: date-time */
            as_of: string;
            rows: components["schemas"]["CaseRow"][];
        };
        Queue: {
            matched: number;
            overdue: number;
            rows: components["schemas"]["Queued"][];
        };
        /** @description A place to look at. */
        PatrolStop: {
            layer: string;
            id: string;
            code: string | null;
            address: string | null;
            place: components["schemas"]["LonLat"];
            grid: {
                id: string;
                title: string;
            } | null;
            /** @description By points, from 1. */
            rank: number;
            score: number;
            reasons: {
                id: string;
                title: components["schemas"]["Text"];
                points: number;
                area_m2: number;
                days: number;
            }[];
            /** @description From the place before. */
            leg_m: number | null;
        };
        /** @description Where the next round of inspection goes, and the way, in straight lines. */
        Patrol: {
            version: string;
            sequence: number;
            /** @description Places that something speaks for. */
            matched: number;
            /** @description The grids, those with the most points first. */
            grids: {
                id: string;
                title: string;
                stops: number;
                score: number;
            }[];
            /** @description The places of the round, in the order of the way. */
            rows: components["schemas"]["PatrolStop"][];
            length_m: number;
            way: components["schemas"]["LonLat"][];
        };
        /** @description A share in percent, cut to two decimals; none of nothing. */
        Rate: {
            percent: string | null;
            part: number;
            whole: number;
        };
        EventFigures: {
            reported: number;
            accepted: number;
            own: number;
            pending: number;
            void: number;
            open: number;
            in_time: number;
            overdue: number;
            closed: number;
            rates: {
                closing: components["schemas"]["Rate"];
                closing_of_all: components["schemas"]["Rate"];
                on_time: components["schemas"]["Rate"];
                own: components["schemas"]["Rate"];
                refused: components["schemas"]["Rate"];
                reopened: components["schemas"]["Rate"];
                passed: components["schemas"]["Rate"];
            };
            mean_hours: number | null;
            satisfaction: number | null;
            rated: number;
        };
        EventTotals: {
            sequence: number;
            as_of: string;
            definition: string;
            basis: components["schemas"]["Text"];
            total: components["schemas"]["EventFigures"];
            /** @description The same days of the year before; none where no period with both ends was asked for. */
            before: (components["schemas"]["EventFigures"] & {
                from: string;
                to: string;
            }) | null;
            groups: (components["schemas"]["EventFigures"] & {
                key: string | null;
                title: components["schemas"]["Text"];
            })[];
        };
        EventRow: {
            id: string;
            code: string | null;
            title: string | null;
            type: string | null;
            title_of_state?: components["schemas"]["Text"];
            reported_at: string | null;
            due: string | null;
            overdue: boolean;
        };
        Events: {
            matched: number;
            rows: components["schemas"]["EventRow"][];
        };
        /** @description What came of a step that was taken with several features. */
        StepsTaken: {
            taken: number;
            refused: number;
            results: {
                id: string;
                taken: boolean;
                title?: components["schemas"]["Text"];
                status?: number;
                detail?: string;
            }[];
        };
        /** @enum {string} */
        ExportState: "asked" | "approved" | "refused" | "withdrawn" | "ended";
        ExportRequest: {
            id: string;
            user: string;
            name: string;
            unit: string;
            role: string;
            title: components["schemas"]["Text"];
            paths: string[];
            rows: number;
            reason: string;
            asked_at: string;
            state: components["schemas"]["ExportState"];
            /** @description Whether it is one's own. */
            own: boolean;
            decided_by: string | null;
            decided_at: string | null;
            remark: string;
            /** @description Until when it can be decided, or the files fetched. */
            ends_at: string;
            fetches_left: number;
            /** @description Where the files are had, while they may be. */
            files: string[];
        };
        ExportList: {
            requests: components["schemas"]["ExportRequest"][];
            /** @description Whether one decides on what others ask for. */
            decides: boolean;
            limits: {
                decide_days: number;
                fetch_hours: number;
                fetches: number;
                files: number;
            };
        };
        /** @description A row of a table as this viewer sees it, with the version that its change has to name. */
        PlainRow: {
            id: string;
            version: number;
        } & {
            [key: string]: unknown;
        };
        Resident: {
            person: components["schemas"]["PlainRow"];
            residence: components["schemas"]["PlainRow"];
            /** @description Whether the person counts here: somebody whose main residence is elsewhere does not. */
            counted: boolean;
        };
        /** @description A room, or with no id the place of those whose room is not known. */
        Room: {
            id: string | null;
            version?: number;
            residents: components["schemas"]["Resident"][];
        } & {
            [key: string]: unknown;
        };
        House: {
            sequence: number;
            id: string;
            version: number;
            properties: {
                [key: string]: unknown;
            };
            point: components["schemas"]["LonLat"] | null;
            at: {
                [key: string]: components["schemas"]["Found"][];
            };
            figures?: {
                residents: number;
                households: number;
                rooms: number;
                rooms_let: number;
                rooms_vacant: number;
                unverified: number;
                overdue: number;
            };
            rooms?: components["schemas"]["Room"][];
            households?: components["schemas"]["PlainRow"][];
            former?: components["schemas"]["Resident"][];
            visits?: components["schemas"]["PlainRow"][];
            declarations?: components["schemas"]["PlainRow"][];
            cases: components["schemas"]["Found"][];
            contracts: components["schemas"]["Found"][];
            events: components["schemas"]["Found"][];
            basis: components["schemas"]["Text"];
            may: {
                move_in: boolean;
                move_out: boolean;
                correct: boolean;
                visit: boolean;
                unmask: boolean;
            };
        };
        /** @description Records that may be one person. */
        Doubles: {
            sequence: number;
            as_of: string;
            total: number;
            may_merge: boolean;
            doubles: components["schemas"]["Double"][];
        };
        Double: {
            /** @enum {string} */
            by: "number" | "birth" | "house";
            /** @description Fields that are filled differently: which value stays is to be chosen. */
            differs: string[];
            people: ({
                id: string;
                version: number;
                homes: {
                    [key: string]: unknown;
                }[];
                merged: string[];
            } & {
                [key: string]: unknown;
            })[];
        };
        MergedPeople: {
            merged_into: string;
            sequence: number;
            change_set: number | null;
            replayed: boolean;
        };
        ImportReport: {
            files: string[];
            written: boolean;
            crs: string[];
            encoding: string[];
            counts: components["schemas"]["ImportCounts"];
            layers: {
                layer: string;
                mapped: {
                    column: string;
                    field: string;
                    unit?: string;
                }[];
                unmapped: string[];
                unknown_codes: {
                    field: string;
                    list: string;
                    value: string;
                    rows: number;
                }[];
            }[];
            warnings: string[];
            refusals: {
                file: string;
                row: number;
                field?: string;
                reason: string;
                message: string;
            }[];
            repairs: {
                file: string;
                row: number;
                message: string;
            }[];
            batch?: string;
            sequence?: number;
        };
        ImportCounts: {
            read: number;
            added: number;
            changed: number;
            unchanged: number;
            repaired: number;
            merged: number;
            refused: number;
            without_place: number;
        };
        ImportState: {
            token: string;
            /** @enum {string} */
            state: "checking" | "ready" | "writing" | "done" | "failed";
            layer: string;
            progress?: {
                /** @enum {string} */
                step: "read" | "compared" | "writing";
                rows: number;
                of: number | null;
            };
            report?: components["schemas"]["ImportReport"];
            problem?: string;
            tables?: string[];
        };
        Lookup: {
            point: components["schemas"]["LonLat"];
            sequence: number;
            at: {
                [key: string]: components["schemas"]["Found"][];
            };
            nearest?: {
                [key: string]: {
                    id: string;
                    distance_m: number;
                } & {
                    [key: string]: unknown;
                };
            };
            /** @description Who lives in the house at the point, masked. */
            residents?: {
                id: string;
                name?: string;
                kind?: string;
                room?: string;
            }[];
            /** @description Where the point would lie were it of a shifted system; only when it lies in the data then. */
            hint?: {
                crs: string;
                point: components["schemas"]["LonLat"];
                distance_m: number;
                zh: string;
                en: string;
            };
        };
        /** @description A feature in a lookup answer: its id and the fields that matter there. */
        Found: {
            id: string;
        } & {
            [key: string]: unknown;
        };
        /** @description What an area counts. What the account may not count is not there; what is too small to be told is null. */
        Counts: {
            people?: {
                total: number | null;
                by_kind: {
                    [key: string]: number;
                };
                /** @description Bands of ages, both ends included; of unknown age without a beginning. Only for who may see people. */
                by_age?: {
                    from: number | null;
                    to: number | null;
                    count: number;
                }[];
                /** @description Kinds of residence that occur. Only for who may see people. */
                by_stay?: {
                    [key: string]: number;
                };
                unverified?: number;
                overdue?: number;
            };
            households?: number | null;
            rooms?: {
                count: number;
                let: number;
                vacant: number;
            };
            buildings?: {
                count: number;
                rental: number;
                rental_without_head: number;
                access_control: number;
                footprint_m2: number;
                floor_area_m2: number;
            };
            violations?: {
                count: number;
                area_m2: number;
                demolished_count: number;
                demolished_m2: number;
            };
            contracts?: {
                count: number;
                /** @description Those that are not over. */
                open: number;
                expiring_30d: number;
                expiring_60d: number;
                expiring_90d: number;
                last_end_on?: string;
                amount_fen: number;
            };
        };
        Statistics: {
            people?: {
                total: number | null;
                by_kind: {
                    [key: string]: number;
                };
                /** @description Bands of ages, both ends included; of unknown age without a beginning. Only for who may see people. */
                by_age?: {
                    from: number | null;
                    to: number | null;
                    count: number;
                }[];
                /** @description Kinds of residence that occur. Only for who may see people. */
                by_stay?: {
                    [key: string]: number;
                };
                unverified?: number;
                overdue?: number;
            };
            households?: number | null;
            rooms?: {
                count: number;
                let: number;
                vacant: number;
            };
            buildings?: {
                count: number;
                rental: number;
                rental_without_head: number;
                access_control: number;
                footprint_m2: number;
                floor_area_m2: number;
            };
            violations?: {
                count: number;
                area_m2: number;
                demolished_count: number;
                demolished_m2: number;
            };
            contracts?: {
                count: number;
                /** @description Those that are not over. */
                open: number;
                expiring_30d: number;
                expiring_60d: number;
                expiring_90d: number;
                last_end_on?: string;
                amount_fen: number;
            };
            sequence: number;
            as_of?: string;
            /** @enum {string} */
            rule: "representative_point" | "intersects" | "within";
            on?: string;
            area_m2: number;
            basis: components["schemas"]["Text"];
            small_numbers?: components["schemas"]["SmallNumbers"];
            land_use: {
                code: string;
                area_m2: number;
                class_std?: string;
            }[];
            plan_land?: {
                code: string;
                area_m2: number;
                class_std?: string;
            }[];
            control_lines: {
                kind: string;
                area_m2: number;
            }[];
            groups?: {
                id: string | null;
                code: string | null;
                name: string | null;
                area_m2: number;
                people?: {
                    total: number | null;
                    by_kind: {
                        [key: string]: number;
                    };
                    /** @description Bands of ages, both ends included; of unknown age without a beginning. Only for who may see people. */
                    by_age?: {
                        from: number | null;
                        to: number | null;
                        count: number;
                    }[];
                    /** @description Kinds of residence that occur. Only for who may see people. */
                    by_stay?: {
                        [key: string]: number;
                    };
                    unverified?: number;
                    overdue?: number;
                };
                households?: number | null;
                rooms?: {
                    count: number;
                    let: number;
                    vacant: number;
                };
                buildings?: {
                    count: number;
                    rental: number;
                    rental_without_head: number;
                    access_control: number;
                    footprint_m2: number;
                    floor_area_m2: number;
                };
                violations?: {
                    count: number;
                    area_m2: number;
                    demolished_count: number;
                    demolished_m2: number;
                };
                contracts?: {
                    count: number;
                    /** @description Those that are not over. */
                    open: number;
                    expiring_30d: number;
                    expiring_60d: number;
                    expiring_90d: number;
                    last_end_on?: string;
                    amount_fen: number;
                };
            }[];
        };
        SearchResult: {
            layer: string;
            id: string;
            title: string;
            detail?: string;
            point?: components["schemas"]["LonLat"];
            bounds?: components["schemas"]["Bounds"];
            /** @enum {string} */
            match?: "exact" | "prefix" | "substring" | "sound" | "near";
        };
        SearchResults: {
            sequence: number;
            results: components["schemas"]["SearchResult"][];
        };
        /**
         * @description What came of a house: in a round, or without one how long ago it was seen.
         * @enum {string}
         */
        HouseState: "seen" | "absent" | "refused" | "left" | "fresh" | "due" | "long" | "never";
        CoveragePart: {
            houses: number;
            states: {
                seen?: number;
                absent?: number;
                refused?: number;
                left?: number;
                fresh?: number;
                due?: number;
                long?: number;
                never?: number;
            };
            /** @description Done and all, of 人, 屋, 车, 场 and 网. */
            elements: {
                [key: string]: [
                    number,
                    number
                ];
            };
            rentals: {
                surveyed: number;
                declared: number;
                unchecked: number;
                mismatched: number;
            };
            vehicles: {
                declared: number;
                counted: number;
                resident: number;
            };
        };
        Coverage: {
            sequence: number;
            as_of: string;
            round?: {
                id: string;
            } & {
                [key: string]: unknown;
            };
            unseen_days: [
                number,
                number
            ];
            basis: components["schemas"]["Text"];
            total: components["schemas"]["CoveragePart"];
            grids: {
                id: string | null;
                code: string | null;
                name: string | null;
                worker: string | null;
                /** @description How many look after the grid. */
                workers: {
                    full_time: number;
                    part_time: number;
                };
                houses: number;
                states: {
                    seen?: number;
                    absent?: number;
                    refused?: number;
                    left?: number;
                    fresh?: number;
                    due?: number;
                    long?: number;
                    never?: number;
                };
                /** @description Done and all, of 人, 屋, 车, 场 and 网. */
                elements: {
                    [key: string]: [
                        number,
                        number
                    ];
                };
                rentals: {
                    surveyed: number;
                    declared: number;
                    unchecked: number;
                    mismatched: number;
                };
                vehicles: {
                    declared: number;
                    counted: number;
                    resident: number;
                };
            }[];
            houses: {
                id: string;
                state: components["schemas"]["HouseState"];
                seen_on?: string;
            }[];
        };
        /** @description Houses with their parts in a number, the largest first. */
        HouseList: {
            sequence: number;
            as_of: string;
            /** @description The number. */
            total: number;
            /** @description Houses that have a part in it and may be told. */
            matched: number;
            /** @description The part of houses that are counted for this viewer and not shown. */
            elsewhere: number;
            bbox?: [
                number,
                number,
                number,
                number
            ];
            rows: {
                id: string;
                code: string;
                address: string;
                /** @description The name of its grid. */
                grid: string;
                count: number;
                point?: [
                    number,
                    number
                ];
            }[];
        };
        /** @description Features that a number is made of, the largest first. */
        FeatureList: {
            sequence: number;
            as_of: string;
            layer: string;
            /** @description Features that are counted. */
            total: number;
            /** @description Those of them that may be told. */
            matched: number;
            bbox?: [
                number,
                number,
                number,
                number
            ];
            rows: {
                id: string;
                name: string;
                /** @description The code of the field that the layer is coloured by. */
                state?: string;
                /** @description What of it is counted. */
                area_m2?: number;
            }[];
        };
        Quality: {
            sequence: number;
            as_of: string;
            tallies: {
                /** @enum {string} */
                severity: "error" | "warning";
                check: string;
                layer: string;
                count: number;
            }[];
            findings: ({
                severity: string;
                check: string;
                layer: string;
                ids: string[];
                message: string;
            } & {
                [key: string]: unknown;
            })[];
        };
        /** @description What came of a register of people (xlsx): looked at, or taken in. */
        RegisterTaken: {
            sheet: string;
            unknown_headings: string[];
            rows: number;
            people: number;
            new_people: number;
            known_people: number;
            new_residences: number;
            unchanged: number;
            new_rooms: number;
            faults: {
                cell: string;
                row: number;
                field: string;
                code: string;
                message: string;
            }[];
            open: {
                cell: string;
                row: number;
                code: string;
                message: string;
                candidates: string[];
            }[];
            dry_run: boolean;
            change_set: number | null;
        };
        /** @description What came of a count at night; `again` were written down before on the same night. */
        NightCounted: {
            counted: number;
            new: number;
            again: number;
            resident: number;
            basis: components["schemas"]["Text"];
        };
        ProcessField: {
            name: string;
            label: components["schemas"]["Text"];
            /** @enum {string} */
            type: "text" | "integer" | "decimal" | "boolean" | "date" | "date_time" | "json";
            required: boolean;
            /** @description Whether the number is added to what the field holds. */
            adds: boolean;
            choices: {
                code: string;
                title: components["schemas"]["Text"];
            }[];
            range: [
                number,
                number
            ] | null;
            unit: string | null;
            decimals: number | null;
            reference: string | null;
            max_length: number | null;
            /** @description Whether it is a field of the layer, which may hold a value already. */
            of_layer: boolean;
        };
        /** @description What a step asks to be filled in and held. */
        ProcessAsks: {
            id: string;
            title: components["schemas"]["Text"];
            note: boolean;
            fields: components["schemas"]["ProcessField"][];
            photos: {
                least: number;
                shows: string | null;
                earlier: boolean;
                title: components["schemas"]["Text"];
            }[];
            documents: {
                any: string[];
                held?: {
                    kind: string;
                    number: string;
                } | null;
            }[];
            place: {
                within_m: number;
            } | null;
            geometry: boolean;
            officers: {
                field: string;
                least: number;
            } | null;
            roles: {
                id: string;
                title: components["schemas"]["Text"];
            }[];
        };
        ProcessStep: {
            id: string;
            title: components["schemas"]["Text"];
            figures: {
                figure: string;
                title: components["schemas"]["Text"];
                at_least?: number;
                at_most?: number;
                percent: boolean;
                unit?: string;
                unless?: string;
                on: boolean;
                source?: string;
                value: number | null;
                met: boolean;
            }[];
            note: boolean;
            fields: components["schemas"]["ProcessField"][];
            photos: {
                least: number;
                shows: string | null;
                earlier: boolean;
                title: components["schemas"]["Text"];
            }[];
            documents: {
                any: string[];
                held?: {
                    kind: string;
                    number: string;
                } | null;
            }[];
            place: {
                within_m: number;
            } | null;
            geometry: boolean;
            officers: {
                field: string;
                least: number;
            } | null;
            roles: {
                id: string;
                title: components["schemas"]["Text"];
            }[];
            to: string;
            to_title: components["schemas"]["Text"];
            mine: boolean;
            allowed: boolean;
            why_not: {
                demand: string;
                field: string;
                zh: string;
                en: string;
            }[];
        };
        ProcessRow: {
            step: string;
            title: components["schemas"]["Text"];
            from: string;
            to: string;
            to_title: components["schemas"]["Text"];
            at: string;
            actor: string;
            role: string;
            role_title: components["schemas"]["Text"];
            note: string;
            place: components["schemas"]["LonLat"] | null;
            data: {
                [key: string]: unknown;
            };
            labels: {
                [key: string]: components["schemas"]["Text"];
            };
            attachments: {
                sort: string;
                kind?: string;
                number?: string;
                shows?: string;
                hash?: string;
            }[];
        };
        /** @description Where a feature stands. */
        Standing: {
            layer: string;
            id: string;
            /** @description The layer of its log. */
            log_layer: string;
            state: string;
            title: components["schemas"]["Text"];
            since: string;
            deadline: string | null;
            overdue: boolean;
            suspended: boolean;
            ends: boolean;
            version: string;
            /** @description Others that may be the same thing, the nearest first. */
            duplicates: {
                id: string;
                code: string | null;
                label: string | null;
                distance_m: number;
                title: components["schemas"]["Text"];
            }[];
            transitions: components["schemas"]["ProcessStep"][];
            log: components["schemas"]["ProcessRow"][];
        };
        MachineLimit: {
            when?: {
                field: string;
                is?: string[];
                not?: string[];
            }[];
            hours?: number;
            days?: number;
            months?: number;
            working?: boolean;
        };
        Machine: {
            layer: string;
            version: string;
            versions: string[];
            title: components["schemas"]["Text"];
            standard: string | null;
            calendar: {
                id: string;
                title: components["schemas"]["Text"];
                version: string;
                hours: [
                    string,
                    string
                ][];
            } | null;
            states: {
                code: string;
                title: components["schemas"]["Text"];
                color: string | null;
                limits: components["schemas"]["MachineLimit"][];
                ends: boolean;
                stops: boolean;
                initial: boolean;
            }[];
            transitions: {
                from: string[];
                to: string;
                auto: boolean;
                waits: {
                    title: components["schemas"]["Text"];
                    since: string;
                    limits: components["schemas"]["MachineLimit"][];
                }[];
                other_than: string[];
                after: string[];
                id: string;
                title: components["schemas"]["Text"];
                note: boolean;
                fields: components["schemas"]["ProcessField"][];
                photos: {
                    least: number;
                    shows: string | null;
                    earlier: boolean;
                    title: components["schemas"]["Text"];
                }[];
                documents: {
                    any: string[];
                    held?: {
                        kind: string;
                        number: string;
                    } | null;
                }[];
                place: {
                    within_m: number;
                } | null;
                geometry: boolean;
                officers: {
                    field: string;
                    least: number;
                } | null;
                roles: {
                    id: string;
                    title: components["schemas"]["Text"];
                }[];
            }[];
        };
        Processes: {
            processes: {
                layer: string;
                version: string;
                title: components["schemas"]["Text"];
            }[];
        };
        /** @description How an indicator is reckoned. */
        Definition: {
            code: string;
            title: components["schemas"]["Text"];
            formula: string;
            unit: string;
            decimals: number;
            source: string;
            version: string | null;
        };
        Indicator: components["schemas"]["Definition"] & {
            value: number | null;
        };
        Indicators: components["schemas"]["Definition"][];
        /** @description A feature that an outline has ground of. */
        Member: {
            id: string;
            code: string;
            name: string;
            inside_m2: number;
            area_m2: number;
            whole: boolean;
        };
        /** @description 图层的要素（ids 或 lasso 内的），或者画出的 area / features of a layer, or a drawn area */
        OutlineGround: {
            layer: string;
            ids?: string[];
            lasso?: components["schemas"]["Geometry"];
        } | {
            area: components["schemas"]["Geometry"];
        };
        /** @description One step of an outline. */
        OutlineStep: {
            add: components["schemas"]["OutlineGround"];
        } | {
            remove: components["schemas"]["OutlineGround"];
        } | {
            cut: {
                line: components["schemas"]["Geometry"];
                drop: components["schemas"]["LonLat"];
            };
        };
        /** @description Ground that another unit has. */
        Conflict: {
            id: string;
            code: string;
            name: string;
            area_m2: number;
            place: components["schemas"]["LonLat"];
            geometry: components["schemas"]["Geometry"];
            message: string;
        };
        /** @description What some steps lead to. */
        Outline: {
            steps: components["schemas"]["OutlineStep"][];
            geometry: components["schemas"]["Geometry"] | null;
            parts: number;
            holes: number;
            slivers: {
                place: components["schemas"]["LonLat"];
                area_m2: number;
            }[];
            remainders: {
                grid: string;
                name: string;
                area_m2: number;
                place: components["schemas"]["LonLat"];
                geometry: components["schemas"]["Geometry"];
            }[];
            figures?: components["schemas"]["Statistics"];
            indicators: components["schemas"]["Indicator"][];
            grids: components["schemas"]["Member"][];
            co_ops: components["schemas"]["Member"][];
            conflicts: components["schemas"]["Conflict"][];
        };
        /** @enum {string} */
        VariantAct: "edit" | "send" | "recall" | "delete" | "adopt" | "return";
        /** @description Another outline of a unit, or of one to come. */
        UnitVariant: {
            id: string;
            version: number;
            name: string;
            unit: string | null;
            author: string;
            state: string;
            steps: components["schemas"]["OutlineStep"][] | null;
            properties: {
                [key: string]: unknown;
            } | null;
            note: string | null;
            made_at: string | null;
            sent_at: string | null;
            reviewer: string | null;
            reviewed_at: string | null;
            review_note: string | null;
            geometry: components["schemas"]["Geometry"] | null;
            own: boolean;
            acts: components["schemas"]["VariantAct"][];
        };
        UnitVariants: components["schemas"]["UnitVariant"][];
        /** @description A variant as a change left it. */
        VariantVersion: {
            sequence: number;
            at: string;
            by: string | null;
            reason: string | null;
            variant: components["schemas"]["UnitVariant"];
        };
        VariantVersions: components["schemas"]["VariantVersion"][];
        /** @description A variant with its outline as the map is now. */
        OpenVariant: components["schemas"]["UnitVariant"] & {
            outline: components["schemas"]["Outline"];
        };
        /** @description A term of a unit's maturity. */
        Term: {
            code: string;
            title: components["schemas"]["Text"];
            formula: string;
            weight: number;
            source: string;
            version: string | null;
            replaces?: string;
            value: number | null;
            points: number;
        };
        Maturity: {
            score: number;
            terms: components["schemas"]["Term"][];
            short_of: {
                code: string;
                title: components["schemas"]["Text"];
                at_least: number;
            }[];
        };
        /** @description A unit as it is listed: what it holds, and how ripe it is. */
        UnitFigures: {
            id: string;
            code: string;
            name: string;
            stage: string | null;
            type: string | null;
            mode: string | null;
            plan_year: number | null;
            finish_year: number | null;
            area_m2: number;
            indicators: components["schemas"]["Indicator"][];
            maturity: components["schemas"]["Maturity"];
        } & components["schemas"]["Counts"];
        /** @description What the units of one place hold. */
        RenewalPlace: {
            id: string | null;
            code: string;
            name: string;
            units: number;
            area_m2: number;
            indicators: components["schemas"]["Indicator"][];
        } & components["schemas"]["Counts"];
        /** @description There where people are counted by released figures only. */
        SmallNumbers: {
            version: string;
            threshold: number;
            houses_per_cell: number;
        };
        /** @description Every level adds up to all units: what lies in no place of it is told apart. */
        RenewalTotals: {
            sequence: number;
            as_of: string;
            by: string;
            places: components["schemas"]["RenewalPlace"][];
            nowhere?: components["schemas"]["RenewalPlace"];
            total: components["schemas"]["RenewalPlace"] | null;
            small_numbers?: components["schemas"]["SmallNumbers"];
        };
        Units: {
            sequence: number;
            as_of: string;
            units: components["schemas"]["UnitFigures"][];
        };
        /** @description Words, a number, or nothing. */
        ReportCell: (components["schemas"]["Text"] | string | number) | null;
        ReportSection: {
            id: string;
            title: components["schemas"]["Text"];
            columns: {
                title: components["schemas"]["Text"];
                unit?: string;
            }[];
            rows: components["schemas"]["ReportCell"][][];
            total?: components["schemas"]["ReportCell"][];
            note?: components["schemas"]["Text"];
        };
        /** @description What lies on a unit's ground, and what may stop it. */
        UnitReport: {
            id: string;
            code: string;
            name: string;
            stage: components["schemas"]["Text"];
            sequence: number;
            as_of: string;
            area_m2: number;
            geometry: components["schemas"]["Geometry"];
            grids: components["schemas"]["Member"][];
            co_ops: components["schemas"]["Member"][];
            maturity: components["schemas"]["Maturity"];
            stops: {
                code: string;
                /** @enum {integer} */
                grade: 1 | 2 | 3;
                message: components["schemas"]["Text"];
                value: number;
            }[];
            sections: components["schemas"]["ReportSection"][];
        };
        /** @description A unit grown from a seed. */
        Suggestion: {
            aim: string;
            title: components["schemas"]["Text"];
            /** @description Other aims that lead to the same ground. */
            also: components["schemas"]["Text"][];
            steps: components["schemas"]["OutlineStep"][];
            geometry: components["schemas"]["Geometry"];
            area_m2: number;
            floor_area_m2: number;
            buildings: number;
            cut_buildings: number;
            score: number;
            terms: {
                code: string;
                title: components["schemas"]["Text"];
                value: number;
            }[];
        };
        Suggestions: components["schemas"]["Suggestion"][];
        /** @description Houses by class of disposal. */
        DisposalClasses: {
            version: string;
            houses: number;
            classes: {
                code: string;
                label: components["schemas"]["Text"];
                color: string | null;
                count: number;
                floor_area_m2: number;
                ids?: string[];
                places?: components["schemas"]["LonLat"][];
            }[];
        };
        /** @description What a rule meets, and what it changed. */
        DisposalDone: {
            matched: number;
            changed: number;
            before: components["schemas"]["DisposalClasses"];
            sample: string[];
            change_set?: number;
        };
        /** @description How far the work on a unit is. Money in 分, areas in m². */
        UnitWork: {
            id: string;
            sequence: number;
            as_of: string;
            survey: {
                houses: number;
                entered: number;
                reviewed: number;
                published: number;
                objections: number;
                lawful_m2: number;
                untitled_m2: number;
                missing: {
                    id: string;
                    code: string;
                    address: string;
                    row: string | null;
                }[];
            } | null;
            measures: {
                rows: {
                    measure: string | null;
                    label: components["schemas"]["Text"];
                    color: string | null;
                    phase: number | null;
                    count: number;
                    footprint_m2: number;
                    floor_area_m2: number;
                }[];
                total: {
                    count: number;
                    footprint_m2: number;
                    floor_area_m2: number;
                };
            } | null;
            votes: {
                id: string;
                subject: string;
                entitled: number | null;
                agreed: number | null;
                share: number | null;
                voted_on: string | null;
                notarised: boolean;
            }[] | null;
            notices: {
                id: string;
                kind: components["schemas"]["Text"];
                from_on: string | null;
                to_on: string | null;
                place: string;
                objections: number;
                answered: number;
                over: boolean;
            }[] | null;
            money: {
                items: {
                    item: string;
                    label: components["schemas"]["Text"];
                    amount_fen: number;
                    paid_fen: number;
                }[];
                amount_fen: number;
                paid_fen: number;
            } | null;
            works: {
                rows: {
                    id: string;
                    group: components["schemas"]["Text"];
                    title: string;
                    responsible: string;
                    start_on: string | null;
                    end_on: string | null;
                    progress_percent: number | null;
                    weight: number;
                }[];
                progress_percent: number | null;
            } | null;
        };
        MeasuresDone: {
            matched: number;
            changed: number;
            change_set?: number;
        };
        /** @description Land as it is, the plan in force, or a version of a plan. */
        PlanVersion: {
            id: string;
            title: components["schemas"]["Text"];
            layer: string;
            state?: string;
            edition?: string;
            valid_from?: string;
            valid_to?: string;
            plots: number;
            documents?: components["schemas"]["PlanInForce"][];
        };
        /** @description A plan document with so many plots in force. */
        PlanInForce: {
            id: string;
            name: string;
            plots: number;
            state?: string;
            edition?: string;
            valid_from?: string;
            valid_to?: string;
        };
        PlanVersions: components["schemas"]["PlanVersion"][];
        /** @description What of each class of land there is before and after. Rows with what is bare, less what counts twice, are the area. */
        LandStructure: {
            sequence: number;
            as_of: string;
            place: components["schemas"]["Text"];
            before: components["schemas"]["PlanVersion"];
            after: components["schemas"]["PlanVersion"];
            area_m2: number;
            rows: {
                class_std: string;
                code: string;
                label: components["schemas"]["Text"];
                head: string;
                head_label: components["schemas"]["Text"];
                before_m2: number;
                after_m2: number;
                change_m2: number;
            }[];
            bare_m2: [
                number,
                number
            ];
            twice_m2: [
                number,
                number
            ];
        };
        /** @description Who is asking, and what they may do. */
        Session: {
            /** @description None for a guest, and where the file has no accounts. */
            user: string | null;
            name: string;
            unit: string;
            role: {
                id: string;
                title: components["schemas"]["Text"];
            } | null;
            territory: {
                layer: string;
                id: string;
            }[];
            /** @description Whether the file has accounts. */
            accounts: boolean;
            /** @description The session is of an account that was locked or taken away: what the device keeps is to be wiped. */
            revoked: boolean;
            must_sign_in: boolean;
            must_change_password: boolean;
            second_factor: {
                /** @description Whether a code was given in this session. */
                given: boolean;
                /** @description Whether an authenticator is set up. */
                enrolled: boolean;
                /** @description Whether nothing is answered before a code is given. */
                needed: boolean;
                /** @description Whether nothing is shown unmasked before a code is given. */
                needed_to_unmask: boolean;
            };
            read_only: boolean;
            /** @description Whether the data file was found damaged: it is shown, and takes no changes. */
            damaged: boolean;
            rights: {
                read: boolean;
                change: boolean;
                unmask: boolean;
                duties: string[];
                /** @description Actions by layer. */
                layers: {
                    [key: string]: string[];
                };
            };
            /** @description The accounts that everyone knows, in a demonstration. */
            demonstration: {
                password: string;
                accounts: {
                    user: string;
                    role: string;
                    title: components["schemas"]["Text"];
                }[];
            } | null;
            notice: components["schemas"]["Text"] | null;
            identity_provider: components["schemas"]["Text"] | null;
        };
        /** @description What an authenticator app is set up with. */
        Enrolment: {
            /** @description Base32. */
            secret: string;
            address: string;
            /** @description Rows of `0` and `1`. */
            qr: string[];
        };
        /** @description An account as its administrators see it. */
        Account: {
            user: string;
            name: string;
            unit: string;
            role: string;
            territory: {
                layer: string;
                id: string;
                title: components["schemas"]["Text"];
                /** @description What the place is called; its id where it is not there any more. */
                name: string;
            }[];
            locked: boolean;
            second_factor: boolean;
            must_change_password: boolean;
            created_at: string;
            last_login_at: string | null;
            /** @description Shown once, where one was made. */
            password?: string;
        };
        /** @description A role of the matrix: grants as letters, by theme and by layer. */
        RoleRights: {
            id: string;
            title: components["schemas"]["Text"];
            bound: boolean;
            second_factor: boolean;
            duties: string[];
            themes: {
                [key: string]: string;
            };
            layers: {
                [key: string]: string;
            };
            hidden: {
                [key: string]: string[];
            };
        };
        /** @description Why somebody may see something, step by step. */
        RightsReason: {
            may: boolean;
            steps: {
                holds: boolean;
                zh: string;
                en: string;
            }[];
        };
        /** @description A row of the audit log. */
        AuditRow: {
            sequence: number;
            at: string;
            user: string;
            name: string;
            role: string;
            unit: string;
            address: string;
            action: string;
            about: components["schemas"]["Text"] | null;
            object: string;
            /** @enum {string} */
            outcome: "done" | "refused";
            reason: string;
            count: number;
            hash: string;
        };
        /** @description Whether the audit log is as it was written. */
        AuditState: {
            /** @enum {boolean} */
            whole: true;
            rows: number;
            last: string;
            retention: {
                keep_days: number;
                /** @description Rows that are due to be moved into an archive. */
                due: number;
                /** @description The last row that was moved into an archive. */
                archived: number | null;
            };
            /** @description What the roles are called that rows name. */
            roles: {
                [key: string]: components["schemas"]["Text"];
            };
        } | {
            /** @enum {boolean} */
            whole: false;
            sequence: number;
            fault: string;
            retention: {
                keep_days: number;
                /** @description Rows that are due to be moved into an archive. */
                due: number;
                /** @description The last row that was moved into an archive. */
                archived: number | null;
            };
            /** @description What the roles are called that rows name. */
            roles: {
                [key: string]: components["schemas"]["Text"];
            };
        };
        Accounts: {
            accounts: components["schemas"]["Account"][];
            roles: {
                id: string;
                title: components["schemas"]["Text"];
                bound: boolean;
            }[];
            /** @description Layers whose features an account may answer for, the widest first. */
            territories: {
                layer: string;
                title: components["schemas"]["Text"];
            }[];
        };
        RightsMatrix: {
            version: string;
            roles: components["schemas"]["RoleRights"][];
            themes: {
                id: string;
                title: components["schemas"]["Text"];
            }[];
            layers: {
                id: string;
                title: components["schemas"]["Text"];
                theme: string;
                fields: {
                    name: string;
                    label: components["schemas"]["Text"];
                    /** @description Whether the field is masked, and may be hidden from a role. */
                    personal: boolean;
                }[];
            }[];
            past: {
                version: string;
                author: string;
                reason: string;
                changes: string;
                at: string;
            }[];
        };
        AuditPage: {
            rows: components["schemas"]["AuditRow"][];
            before: number | null;
        };
        Recovery: {
            recovery: string[];
        };
        Unmasked: {
            properties: {
                [key: string]: unknown;
            };
            shown_until: string;
        };
        /** @description Somebody who did more than usual in a day. */
        AuditAlarm: {
            rule: string;
            title: components["schemas"]["Text"];
            user: string;
            name: string;
            day: string;
            /** @enum {string} */
            measure: "rows" | "records";
            value: number;
            over: number;
            actions: string[];
        };
        /** @description Who did more than usual in a day, by the office's rules. */
        AuditAlarms: {
            version: string;
            days: number;
            alarms: components["schemas"]["AuditAlarm"][];
        };
        /** @description Places of one level: how many there are of a word, and the first of them by code. */
        TerritoryPlaces: {
            matched: number;
            places: {
                id: string;
                code: string;
                name: string;
            }[];
        };
        /** @enum {string} */
        Paper: "A4" | "A3" | "A2";
        Sheet: {
            id: string;
            code: string;
            title: string;
            grid: {
                id: string;
                code: string;
                name: string;
            } | null;
            houses: number;
            scale: number | null;
            paper: components["schemas"]["Paper"] | null;
            bbox: components["schemas"]["Bounds"];
        };
        SheetList: {
            sequence: number;
            sheets: components["schemas"]["Sheet"][];
            houses_on_none: number;
        };
        /** @description How a print stands: it shows the change of a number, and what changed of it since. */
        PrintStanding: {
            /** @enum {string} */
            status: "latest" | "outdated" | "unknown";
            at: number;
            since?: string;
            changes: number;
            houses: number;
        };
        PrintedSheet: {
            sequence: number;
            standing?: components["schemas"]["PrintStanding"];
            id: string;
            code: string;
            title: string;
            grid: {
                id: string;
                code: string;
                name: string;
            } | null;
            houses: number;
            scale: number | null;
            paper: components["schemas"]["Paper"] | null;
            bbox: components["schemas"]["Bounds"];
        };
        NewFeature: {
            /** @enum {string} */
            type?: "Feature";
            id?: string;
            geometry?: Record<string, never> | null;
            properties: Record<string, never>;
        };
        /** @description RFC 7396 */
        FeaturePatch: {
            geometry?: Record<string, never> | null;
            properties?: Record<string, never>;
        };
        ChangeSet: {
            reason?: string;
            dry_run?: boolean;
            changes: components["schemas"]["Change"][];
        };
        Change: {
            /** @enum {string} */
            op: "insert" | "update" | "replace" | "delete" | "move_vertex" | "split" | "merge";
            layer: string;
            id?: string;
            version?: number;
            feature?: Record<string, never>;
            from?: [
                number,
                number
            ];
            to?: [
                number,
                number
            ];
            ids?: string[];
            versions?: number[];
            line?: Record<string, never>;
            parts?: Record<string, never>[];
            properties?: Record<string, never>;
        };
        Changed: {
            sequence: number;
            change_set: number | null;
            features: {
                /** @enum {string} */
                op: "insert" | "update" | "delete";
                layer: string;
                id: string;
                version: number;
            }[];
            warnings: {
                code: string;
                message: string;
                layer?: string;
                id?: string;
                change?: number | null;
                place?: [
                    number,
                    number
                ];
                area_m2?: number;
            }[];
        };
        ChangeLog: {
            sequence: number;
            changes: {
                sequence: number;
                layer: string;
                id: string;
                operation: string;
                at: string;
                change_set?: number | null;
                author?: string | null;
                reason?: string | null;
                batch?: string | null;
            }[];
            links: components["schemas"]["Link"][];
        };
        StepGiven: {
            note?: string;
            place?: [
                number,
                number
            ];
            /** Format: date-time */
            at?: string;
            fields?: Record<string, never>;
            photos?: {
                hash: string;
                shows?: string;
            }[];
            documents?: {
                kind: string;
                number: string;
            }[];
            geometry?: Record<string, never> | null;
        };
        StepsGiven: {
            items: {
                id: string;
                version: number;
            }[];
            note?: string;
            place?: [
                number,
                number
            ];
            /** Format: date-time */
            at?: string;
            fields?: Record<string, never>;
        };
        NightCount: {
            /** Format: date-time */
            at?: string;
            place: [
                number,
                number
            ];
            plates: string[];
        };
        Revert: {
            reason?: string;
        };
        RevertItem: {
            to: number;
            reason?: string;
        };
        Attachment: {
            id: string;
            kind: string;
            name: string;
            caption: string | null;
            media_type: string;
            hash: string;
            bytes: number;
            width: number | null;
            height: number | null;
            taken_at: string | null;
            author: string | null;
            added_at: string | null;
            place: [
                number,
                number
            ] | null;
            bearing: number | null;
            personal: boolean;
            may_remove: boolean;
            href: string;
            thumbnail: string | null;
            original: string | null;
        };
        Attachments: {
            attachments: components["schemas"]["Attachment"][];
            hidden: number;
            removed: {
                hash: string | null;
                kind: string | null;
                author: string | null;
                removed_at: string;
            }[];
            may_add: boolean;
            rules: {
                version: string;
                most: number;
                types: {
                    media_type: string;
                    largest_bytes: number;
                }[];
                kinds: {
                    code: string;
                    label: {
                        zh: string;
                        en: string;
                    };
                    personal: boolean;
                }[];
            };
        };
        NewAccount: {
            user: string;
            name?: string;
            unit?: string;
        };
        AccountChange: {
            locked?: boolean;
            new_password?: boolean;
            reset_second_factor?: boolean;
            role?: string;
            unit?: string;
            territory?: {
                layer: string;
                id: string;
            }[];
        };
        PeopleMerge: {
            keep: string;
            merge: string[];
            versions: {
                [key: string]: number;
            };
            /** @description Whose value stays, by field; else that of `keep`, or where it has none that of the others. */
            take?: {
                [key: string]: string;
            };
            reason?: string;
        };
        AuditArchives: {
            archives: {
                name: string;
                bytes: number;
            }[];
        };
        AuditArchiving: {
            /**
             * Format: date
             * @description 此日以前的；不给则为到期的 / rows before this day; those that are due without
             */
            before?: string;
        };
        AuditArchived: {
            rows: number;
            requests: number;
            sha256: string;
            name: string | null;
        };
        RulesChange: {
            /** @description 所据的最新版本 / the latest version, which it was made from */
            version: string;
            reason: string;
            /** @description 整份规则 / the whole book */
            values?: Record<string, never>;
            /** @description 恢复到此版本，与 values 择一 / the version to go back to, in the place of values */
            back_to?: string;
        };
        RightsChange: {
            version: string;
            reason: string;
            changes: {
                role: string;
                theme?: string;
                layer?: string;
                letters?: string | null;
                hidden?: string[];
                duties?: ("exports" | "operate")[];
                second_factor?: boolean;
                bound?: boolean;
            }[];
        };
        ExportWish: {
            paths: string[];
            reason: string;
        };
        ExportDecision: {
            /** @enum {string} */
            state: "approved" | "refused" | "withdrawn";
            remark?: string;
        };
        OutlineRequest: {
            steps: components["schemas"]["OutlineStep"][];
            unit?: string;
        };
        VariantDraft: {
            name?: string;
            unit?: string;
            steps?: components["schemas"]["OutlineStep"][];
            properties?: {
                [key: string]: unknown;
            };
            note?: string;
        };
        SuggestionRequest: {
            seed: [
                number,
                number
            ];
            /** @default grid */
            layer: string;
            target_area_m2?: number;
            target_floor_area_m2?: number;
            unit?: string;
        };
        MeasureRule: {
            unit: string;
            measure: string;
            /** @description CQL2 text */
            filter?: string;
            phase?: number;
            reason?: string;
            /** @default false */
            dry_run: boolean;
        };
        DisposalRule: {
            /** @description CQL2 text */
            filter: string;
            unit?: string;
            class: string;
            basis?: string;
            reason?: string;
            /** @default false */
            dry_run: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
