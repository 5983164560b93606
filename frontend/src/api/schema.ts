/**
 * What the API answers and takes. Made by `npm run api-types` from the server's OpenAPI document; do not edit.
 */
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
                place?: number[];
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
        };
        ImportState: {
            token: string;
            layer: string;
            problem?: string;
            /** @enum {string} */
            state: "checking" | "ready" | "writing" | "done" | "failed";
            progress?: Record<string, never>;
            report?: Record<string, never>;
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
            geometry: Record<string, never> | null;
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
        SearchResults: {
            sequence: number;
            results: {
                layer: string;
                id: string;
                title: string;
                detail?: string;
                point?: number[];
                bounds?: number[];
                /** @enum {string} */
                match: "exact" | "prefix" | "substring" | "sound";
            }[];
        };
        Lookup: {
            point: number[];
            sequence: number;
            at: {
                [key: string]: Record<string, never>[];
            };
            nearest?: Record<string, never>;
            residents?: Record<string, never>[];
            hint?: Record<string, never>;
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
            from?: number[];
            to?: number[];
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
                place?: number[];
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
            place?: number[];
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
        Standing: {
            layer: string;
            id: string;
            state: string;
            since: string;
            deadline: string | null;
            overdue: boolean;
            suspended: boolean;
            ends?: boolean;
            title: Record<string, never>;
            version: string;
            transitions: Record<string, never>[];
            log: Record<string, never>[];
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
            place: number[] | null;
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
            territory?: {
                layer: string;
                id: string;
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
            steps: {
                /** @description 图层的要素（ids 或 lasso 内的），或者画出的 area / features of a layer, or a drawn area */
                add?: {
                    layer?: string;
                    ids?: string[];
                    /** @description GeoJSON Polygon */
                    lasso?: Record<string, never>;
                    /** @description GeoJSON Polygon, MultiPolygon */
                    area?: Record<string, never>;
                };
                /** @description 图层的要素（ids 或 lasso 内的），或者画出的 area / features of a layer, or a drawn area */
                remove?: {
                    layer?: string;
                    ids?: string[];
                    /** @description GeoJSON Polygon */
                    lasso?: Record<string, never>;
                    /** @description GeoJSON Polygon, MultiPolygon */
                    area?: Record<string, never>;
                };
                cut?: {
                    /** @description GeoJSON LineString */
                    line: Record<string, never>;
                    drop: number[];
                };
            }[];
            unit?: string;
        };
        Variant: {
            name?: string;
            unit?: string;
            steps?: {
                /** @description 图层的要素（ids 或 lasso 内的），或者画出的 area / features of a layer, or a drawn area */
                add?: {
                    layer?: string;
                    ids?: string[];
                    /** @description GeoJSON Polygon */
                    lasso?: Record<string, never>;
                    /** @description GeoJSON Polygon, MultiPolygon */
                    area?: Record<string, never>;
                };
                /** @description 图层的要素（ids 或 lasso 内的），或者画出的 area / features of a layer, or a drawn area */
                remove?: {
                    layer?: string;
                    ids?: string[];
                    /** @description GeoJSON Polygon */
                    lasso?: Record<string, never>;
                    /** @description GeoJSON Polygon, MultiPolygon */
                    area?: Record<string, never>;
                };
                cut?: {
                    /** @description GeoJSON LineString */
                    line: Record<string, never>;
                    drop: number[];
                };
            }[];
            properties?: Record<string, never>;
            note?: string;
        };
        SuggestionRequest: {
            seed: number[];
            /** @default grid */
            layer: string;
            target_area_m2?: number;
            target_floor_area_m2?: number;
            unit?: string;
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
