/*
 * The tables of a card file. They are made to be read by a person: identifiers are digits or hexadecimal as the field writes them,
 * states are words. Keys and signed objects are blobs. Migrations are only ever appended.
 */
#include "euicc/nvm_schema.h"

static const char version_1[] =
    "CREATE TABLE card ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  eid TEXT NOT NULL CHECK (length(eid) = 32),"
    "  personality TEXT NOT NULL CHECK (personality IN ('consumer', 'iot', 'hybrid')),"
    "  created_at TEXT NOT NULL,"
    "  nvm_size INTEGER NOT NULL,"                        /* octets for profiles, all in all */
    "  default_smdp TEXT NOT NULL DEFAULT '',"
    "  root_smds TEXT NOT NULL DEFAULT '',"
    "  last_notification INTEGER NOT NULL DEFAULT 0,"     /* the highest sequence number ever given out */
    "  last_isdp INTEGER NOT NULL DEFAULT 15,"            /* number in the last ISD-P AID given out; first is 0x10 */
    "  before_test INTEGER REFERENCES profile (id) ON DELETE SET NULL" /* enabled again when the test profile is disabled */
    ") STRICT;"
    "CREATE TABLE credentials ("                          /* one row per trusted CI */
    "  ci_key_id TEXT PRIMARY KEY,"                       /* hexadecimal */
    "  curve TEXT NOT NULL CHECK (curve IN ('P-256', 'brainpoolP256r1')),"
    "  priority INTEGER NOT NULL,"                        /* order in EUICCInfo */
    "  ci_cert BLOB NOT NULL,"
    "  eum_cert BLOB NOT NULL,"
    "  euicc_cert BLOB NOT NULL,"
    "  euicc_key BLOB NOT NULL"                           /* private scalar */
    ") STRICT;"
    "CREATE TABLE profile ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  isdp_aid TEXT NOT NULL UNIQUE,"                    /* hexadecimal */
    "  iccid TEXT NOT NULL UNIQUE,"                       /* digits */
    "  state TEXT NOT NULL CHECK (state IN ('disabled', 'enabled')),"
    "  class TEXT NOT NULL CHECK (class IN ('test', 'provisioning', 'operational')),"
    "  origin TEXT NOT NULL CHECK (origin IN ('preloaded', 'downloaded')),"
    "  nickname TEXT NOT NULL DEFAULT '',"
    "  service_provider TEXT NOT NULL DEFAULT '',"
    "  name TEXT NOT NULL DEFAULT '',"
    "  icon_type INTEGER,"
    "  icon BLOB,"
    "  ppr1 INTEGER NOT NULL DEFAULT 0 CHECK (ppr1 IN (0, 1))," /* disabling not allowed */
    "  ppr2 INTEGER NOT NULL DEFAULT 0 CHECK (ppr2 IN (0, 1))," /* deletion not allowed */
    "  owner BLOB,"                                       /* profileOwner as received (B7 content) */
    "  metadata BLOB NOT NULL,"                           /* StoreMetadataRequest as received */
    "  smdp_oid TEXT NOT NULL DEFAULT '',"                /* hexadecimal of the OID's content octets */
    "  smdp_address TEXT NOT NULL DEFAULT '',"
    "  ci_key_id TEXT NOT NULL DEFAULT '',"               /* of the credentials that sign its notifications */
    "  isdp_configuration BLOB,"                          /* ConfigureISDP as received */
    "  memory INTEGER NOT NULL,"                          /* octets counted against card.nvm_size */
    "  installed_at TEXT NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX profile_enabled ON profile (state) WHERE state = 'enabled';" /* at most one */
    "CREATE TABLE profile_element ("                      /* what was decoded from the profile package, in its order */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  position INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"                               /* 'header', 'usim', … */
    "  identification INTEGER,"
    "  mandated INTEGER NOT NULL,"
    "  der BLOB NOT NULL,"
    "  PRIMARY KEY (profile, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE notification_address ("                 /* notificationConfigurationInfo of the metadata */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  position INTEGER NOT NULL,"
    "  operations INTEGER NOT NULL,"                      /* bit 0 install, 1 enable, 2 disable, 3 delete */
    "  address TEXT NOT NULL,"
    "  PRIMARY KEY (profile, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE notification ("                         /* pending, until removed */
    "  sequence INTEGER PRIMARY KEY,"
    "  operation TEXT NOT NULL CHECK (operation IN ('install', 'enable', 'disable', 'delete')),"
    "  address TEXT NOT NULL,"
    "  iccid TEXT NOT NULL DEFAULT '',"
    "  metadata BLOB NOT NULL,"                           /* NotificationMetadata, BF2F */
    "  signed_object BLOB NOT NULL"                       /* as RetrieveNotificationsList hands it out */
    ") STRICT;"
    "CREATE TABLE rat ("                                  /* Rules Authorisation Table, in order */
    "  position INTEGER PRIMARY KEY,"
    "  ppr1 INTEGER NOT NULL, ppr2 INTEGER NOT NULL,"     /* the rules of this row */
    "  consent_required INTEGER NOT NULL,"
    "  mcc_mnc TEXT NOT NULL,"                            /* hexadecimal as coded, E is a wildcard digit */
    "  gid1 TEXT, gid2 TEXT"                              /* hexadecimal; '' any, NULL only an absent one */
    ") STRICT;"
    "CREATE TABLE crl ("
    "  ci_key_id TEXT NOT NULL,"
    "  base INTEGER NOT NULL,"                            /* of a delta CRL the number it builds on, else -1 */
    "  part INTEGER NOT NULL, parts INTEGER NOT NULL,"    /* 1 and 1 unless it came in segments */
    "  number INTEGER NOT NULL,"
    "  der BLOB NOT NULL,"
    "  PRIMARY KEY (ci_key_id, base, part)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE one_time_key ("                         /* otPK.EUICC kept for a retry of the same download */
    "  public_key BLOB PRIMARY KEY,"
    "  private_key BLOB NOT NULL,"
    "  curve TEXT NOT NULL,"
    "  smdp_oid TEXT NOT NULL,"
    "  used_at INTEGER NOT NULL"                          /* a count, to forget the oldest */
    ") STRICT, WITHOUT ROWID;";

const char *const nvm_migrations[] = {version_1};
const int nvm_schema_version = sizeof(nvm_migrations) / sizeof(nvm_migrations[0]);
