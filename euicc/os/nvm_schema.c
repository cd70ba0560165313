/*
 * The tables of a card file. They are made to be read by a person: identifiers are digits or hexadecimal as
 * the field writes them, states are words. Keys and signed objects are blobs. Migrations are only ever
 * appended.
 */
#include "euicc/os/nvm_schema.h"

static const char version_1[] =
    "CREATE TABLE card ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  eid TEXT NOT NULL CHECK (length(eid) = 32),"
    "  personality TEXT NOT NULL CHECK (personality IN ('consumer', 'iot', 'hybrid')),"
    "  created_at TEXT NOT NULL,"
    "  nvm_size INTEGER NOT NULL," /* octets for profiles, all in all */
    "  default_smdp TEXT NOT NULL DEFAULT '',"
    "  root_smds TEXT NOT NULL DEFAULT '',"
    "  last_notification INTEGER NOT NULL DEFAULT 0," /* the highest sequence number ever given out */
    "  last_isdp INTEGER NOT NULL DEFAULT 15," /* number in the last ISD-P AID given out; first is 0x10 */
    "  before_test INTEGER REFERENCES profile (id) ON DELETE SET NULL" /* enabled again when the test profile
                                                                          is disabled */
    ") STRICT;"
    "CREATE TABLE credentials ("    /* one row per trusted CI */
    "  ci_key_id TEXT PRIMARY KEY," /* hexadecimal */
    "  curve TEXT NOT NULL CHECK (curve IN ('P-256', 'brainpoolP256r1')),"
    "  priority INTEGER NOT NULL," /* order in EUICCInfo */
    "  ci_cert BLOB NOT NULL,"
    "  eum_cert BLOB NOT NULL,"
    "  euicc_cert BLOB NOT NULL,"
    "  euicc_key BLOB NOT NULL" /* private scalar */
    ") STRICT;"
    "CREATE TABLE profile ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  isdp_aid TEXT NOT NULL UNIQUE," /* hexadecimal */
    "  iccid TEXT NOT NULL UNIQUE,"    /* digits */
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
    "  owner BLOB,"                                             /* profileOwner as received (B7 content) */
    "  metadata BLOB NOT NULL,"                                 /* StoreMetadataRequest as received */
    "  smdp_oid TEXT NOT NULL DEFAULT '',"                      /* hexadecimal of the OID's content octets */
    "  smdp_address TEXT NOT NULL DEFAULT '',"
    "  ci_key_id TEXT NOT NULL DEFAULT ''," /* of the credentials that sign its notifications */
    "  isdp_configuration BLOB,"            /* ConfigureISDP as received */
    "  memory INTEGER NOT NULL,"            /* octets counted against card.nvm_size */
    "  installed_at TEXT NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX profile_enabled ON profile (state) WHERE state = 'enabled';" /* at most one */
    "CREATE TABLE profile_element (" /* what was decoded from the profile package, in its order */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  position INTEGER NOT NULL,"
    "  name TEXT NOT NULL," /* 'header', 'usim', … */
    "  identification INTEGER,"
    "  mandated INTEGER NOT NULL,"
    "  der BLOB NOT NULL,"
    "  PRIMARY KEY (profile, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE notification_address (" /* notificationConfigurationInfo of the metadata */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  position INTEGER NOT NULL,"
    "  operations INTEGER NOT NULL," /* bit 0 install, 1 enable, 2 disable, 3 delete */
    "  address TEXT NOT NULL,"
    "  PRIMARY KEY (profile, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE notification (" /* pending, until removed */
    "  sequence INTEGER PRIMARY KEY,"
    "  operation TEXT NOT NULL CHECK (operation IN ('install', 'enable', 'disable', 'delete')),"
    "  address TEXT NOT NULL,"
    "  iccid TEXT NOT NULL DEFAULT '',"
    "  metadata BLOB NOT NULL,"     /* NotificationMetadata, BF2F */
    "  signed_object BLOB NOT NULL" /* as RetrieveNotificationsList hands it out */
    ") STRICT;"
    "CREATE TABLE rat (" /* Rules Authorisation Table, in order */
    "  position INTEGER PRIMARY KEY,"
    "  ppr1 INTEGER NOT NULL, ppr2 INTEGER NOT NULL," /* the rules of this row */
    "  consent_required INTEGER NOT NULL,"
    "  mcc_mnc TEXT NOT NULL," /* hexadecimal as coded, E is a wildcard digit */
    "  gid1 TEXT, gid2 TEXT"   /* hexadecimal; '' any, NULL only an absent one */
    ") STRICT;"
    "CREATE TABLE crl ("
    "  ci_key_id TEXT NOT NULL,"
    "  base INTEGER NOT NULL,"                         /* of a delta CRL the number it builds on, else -1 */
    "  part INTEGER NOT NULL, parts INTEGER NOT NULL," /* 1 and 1 unless it came in segments */
    "  number INTEGER NOT NULL,"
    "  der BLOB NOT NULL,"
    "  PRIMARY KEY (ci_key_id, base, part)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE one_time_key (" /* otPK.EUICC kept for a retry of the same download */
    "  public_key BLOB PRIMARY KEY,"
    "  private_key BLOB NOT NULL,"
    "  curve TEXT NOT NULL,"
    "  smdp_oid TEXT NOT NULL,"
    "  used_at INTEGER NOT NULL" /* a count, to forget the oldest */
    ") STRICT, WITHOUT ROWID;";

/*
 * What an installed profile is made of once its package has been interpreted: the enabled one's rows are what
 * a terminal reads. There are hundreds of them: a CHECK says OR where IN would have SQLite build a table of
 * the words for every row inserted.
 */
static const char version_2[] =
    "CREATE TABLE file ("
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  number INTEGER NOT NULL," /* in order of creation; MF is 0 */
    "  parent INTEGER,"          /* NULL: MF */
    "  name TEXT NOT NULL,"      /* 'ef-imsi', as the package's template calls it */
    "  kind TEXT NOT NULL CHECK (kind = 'MF' OR kind = 'DF' OR kind = 'ADF' OR kind = 'transparent'"
    "    OR kind = 'linear fixed' OR kind = 'cyclic' OR kind = 'BER-TLV'),"
    "  fid TEXT NOT NULL," /* '6F07' */
    "  aid TEXT,"          /* of an ADF, hexadecimal */
    "  sfi INTEGER,"       /* NULL: none */
    "  life_cycle TEXT NOT NULL CHECK (life_cycle = 'creation' OR life_cycle = 'initialisation'"
    "    OR life_cycle = 'activated' OR life_cycle = 'deactivated' OR life_cycle = 'terminated'),"
    "  shareable INTEGER NOT NULL,"
    "  special INTEGER NOT NULL," /* special file information, TS 102 222 table 5 */
    "  access_form TEXT NOT NULL CHECK (access_form = 'referenced' OR access_form = 'compact' OR access_form "
    "= 'expanded'),"
    "  access_rule TEXT NOT NULL," /* hexadecimal; referenced: EF ARR's identifier and record */
    "  size INTEGER NOT NULL,"
    "  record_size INTEGER NOT NULL,"
    "  maximum_size INTEGER NOT NULL," /* of BER-TLV files; 0: not limited */
    "  pin_status TEXT,"               /* key references of a directory's PINs, hexadecimal */
    "  pins_of INTEGER,"               /* the directory whose local PINs it shares */
    "  link INTEGER,"                  /* the file whose content or children it shares */
    "  content BLOB,"
    "  PRIMARY KEY (profile, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE pin ("
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  directory INTEGER NOT NULL,"  /* its file; 0: a global PIN */
    "  reference TEXT NOT NULL,"     /* '01' PIN1, '81' PIN2, '0A' ADM1, '11' universal */
    "  value TEXT NOT NULL,"         /* eight octets, hexadecimal */
    "  puk TEXT,"                    /* reference of the PUK that unblocks it */
    "  attributes INTEGER NOT NULL," /* pinAttributes of the package */
    "  enabled INTEGER NOT NULL,"
    "  replaced INTEGER NOT NULL," /* while disabled the universal PIN stands in for it */
    "  attempts INTEGER NOT NULL, attempts_left INTEGER NOT NULL,"
    "  PRIMARY KEY (profile, directory, reference)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE puk ("
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  reference TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  attempts INTEGER NOT NULL, attempts_left INTEGER NOT NULL,"
    "  PRIMARY KEY (profile, reference)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE network_access (" /* AKA: keys and sequence numbers of a USIM or ISIM */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  application INTEGER NOT NULL," /* the ADF's file */
    "  mapping_source TEXT,"          /* AID of the application whose algorithm it uses */
    "  mapping_options INTEGER NOT NULL,"
    "  algorithm TEXT CHECK (algorithm IN ('Milenage', 'TUAK', 'test')),"
    "  algorithm_options INTEGER NOT NULL,"
    "  key BLOB, opc BLOB,"                           /* OPc or TOPc */
    "  rotation TEXT NOT NULL, xoring TEXT NOT NULL," /* Milenage's r and c, hexadecimal */
    "  keccak_count INTEGER NOT NULL,"
    "  counter_max TEXT, counter TEXT NOT NULL," /* authentications allowed, done; hexadecimal */
    "  sqn_options INTEGER NOT NULL, sqn_delta TEXT NOT NULL, sqn_age_limit TEXT NOT NULL,"
    "  sqn TEXT NOT NULL," /* 32 sequence numbers of six octets, hexadecimal */
    "  bootstrap TEXT,"    /* RAND of the last GBA_U bootstrapping */
    "  PRIMARY KEY (profile, application)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE cdma_access ("
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  application INTEGER NOT NULL,"
    "  authentication_key BLOB, ssd BLOB, hrpd BLOB, simple_ip BLOB, mobile_ip BLOB,"
    "  PRIMARY KEY (profile, application)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE application (" /* security domains, remote file management, instances */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  number INTEGER NOT NULL," /* in the package's order */
    "  kind TEXT NOT NULL CHECK (kind IN ('security domain', 'remote file management', 'application')),"
    "  aid TEXT NOT NULL, package TEXT, class TEXT," /* hexadecimal */
    "  domain TEXT,"                                 /* the security domain it belongs to */
    "  privileges TEXT NOT NULL,"
    "  life_cycle TEXT NOT NULL," /* GlobalPlatform's octet, '07' selectable */
    "  parameters BLOB, system_parameters BLOB, uicc_parameters BLOB, personalisation BLOB,"
    "  tars TEXT, minimum_security_level INTEGER NOT NULL,"
    "  uicc_access TEXT, uicc_admin_access TEXT," /* access domains, hexadecimal */
    "  adf TEXT, adf_access TEXT, adf_admin_access TEXT,"
    "  PRIMARY KEY (profile, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE domain_key (" /* keys of security domains */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
    "  application INTEGER NOT NULL,"
    "  position INTEGER NOT NULL,"
    "  version TEXT NOT NULL, identifier TEXT NOT NULL, type TEXT NOT NULL," /* octets, hexadecimal */
    "  usage TEXT NOT NULL, access INTEGER NOT NULL, mac_length INTEGER NOT NULL,"
    "  counter TEXT," /* hexadecimal */
    "  value BLOB,"
    "  PRIMARY KEY (profile, application, position)"
    ") STRICT, WITHOUT ROWID;";

/* SGP.32: the associated eIMs, what they configured, and what the card must remember to find its way back. */
static const char version_3[] =
    "ALTER TABLE profile ADD COLUMN ecall INTEGER NOT NULL DEFAULT 0;" /* ecallIndication: the Emergency
                                                                          Profile */
    "ALTER TABLE profile ADD COLUMN fallback_allowed INTEGER NOT NULL DEFAULT 0;" /* by its owner */
    "CREATE TABLE eim (" /* associated eIMs (SGP.32 2.11.1.1.2), in order of association */
    "  position INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  eim_id TEXT NOT NULL UNIQUE,"
    "  fqdn TEXT,"
    "  id_type INTEGER,"           /* 1 OID, 2 FQDN, 3 proprietary */
    "  counter INTEGER NOT NULL,"  /* of the last package that was accepted */
    "  association_token INTEGER," /* NULL: none */
    "  public_key BLOB NOT NULL,"  /* uncompressed point, for the signatures of packages */
    "  curve TEXT NOT NULL,"
    "  ci_key_id TEXT,"             /* hexadecimal: under which CI results are signed; NULL: the first */
    "  configuration BLOB NOT NULL" /* EimConfigurationData as it stands, DER */
    ") STRICT;"
    "CREATE TABLE iot ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  last_association_token INTEGER NOT NULL DEFAULT 0,"
    "  ipae_active INTEGER NOT NULL DEFAULT 0,"
    "  immediate_enable INTEGER NOT NULL DEFAULT 0,"
    "  immediate_smdp_oid TEXT, immediate_smdp_address TEXT," /* hexadecimal of the OID's content octets; text
                                                               */
    "  fallback INTEGER REFERENCES profile (id) ON DELETE SET NULL,"        /* has the Fallback Attribute */
    "  before_fallback INTEGER REFERENCES profile (id) ON DELETE SET NULL," /* return from fallback enables it
                                                                               again */
    "  emergency INTEGER NOT NULL DEFAULT 0," /* the Emergency Profile has been enabled by its function */
    "  before_emergency INTEGER REFERENCES profile (id) ON DELETE SET NULL,"
    "  rollback INTEGER REFERENCES profile (id) ON DELETE SET NULL," /* a granted rollback enables it again */
    "  rollback_eim TEXT, rollback_counter INTEGER,"                 /* the package that granted it */
    "  rollback_transaction BLOB, rollback_result INTEGER" /* eimTransactionId; sequence number of its result
                                                            */
    ") STRICT;"
    "INSERT INTO iot (one) VALUES (1);"
    "CREATE TABLE package_result (" /* eUICC Package Results, until acknowledged */
    "  sequence INTEGER PRIMARY KEY,"
    "  eim_id TEXT NOT NULL,"
    "  counter INTEGER NOT NULL,"
    "  result BLOB NOT NULL" /* EuiccPackageResult, BF51 whole */
    ") STRICT;";

/* What the applications of a profile are instances of. The load block itself stays in profile_element. */
static const char version_4[] = "CREATE TABLE load_package ("
                                "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE,"
                                "  number INTEGER NOT NULL," /* counts with application.number */
                                "  aid TEXT NOT NULL,"
                                "  domain TEXT,"           /* the security domain it belongs to */
                                "  hash TEXT NOT NULL,"    /* of the load block, hexadecimal */
                                "  size INTEGER NOT NULL," /* octets of the load block */
                                "  PRIMARY KEY (profile, number)"
                                ") STRICT, WITHOUT ROWID;";

/* The versions of the specifications that a card is made to. Those that were there before announced these. */
static const char version_5[] =
    "ALTER TABLE card ADD COLUMN sgp22 TEXT NOT NULL DEFAULT '2.2.2';"
    "ALTER TABLE card ADD COLUMN sgp32 TEXT;" /* NULL: a consumer card */
    "UPDATE card SET sgp32 = '1.2.0' WHERE personality <> 'consumer';"
    "ALTER TABLE profile ADD COLUMN service_data BLOB;"; /* content of BF22 (SGP.22 v2.4); NULL: none */

/* Which file a log belongs to: the first transaction of every log writes the row. See nvm_log.h. */
static const char version_6[] =
    "CREATE TABLE log ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  card_inode INTEGER NOT NULL, card_changed INTEGER NOT NULL," /* nanoseconds since 1970 */
    "  log INTEGER NOT NULL," /* which file it is itself; 0: not one of this machine */
    "  sectors BLOB NOT NULL" /* the beginning of each one's SHA-256, as the log begins */
    ") STRICT;";

/* Changes of profiles that take effect when the terminal has answered the REFRESH, or with a reset. Whether
 * an IPAe is active is known only until the next reset. */
static const char version_7[] =
    "CREATE TABLE marked ("
    "  position INTEGER PRIMARY KEY," /* their order */
    "  event TEXT NOT NULL,"          /* of the lifecycle table: 'enable', 'package: delete', … */
    "  profile INTEGER NOT NULL REFERENCES profile (id) ON DELETE CASCADE"
    ") STRICT;"
    "ALTER TABLE iot DROP COLUMN ipae_active;"
    "CREATE TABLE ipae (" /* no row: the card has no IPAe */
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  strict INTEGER NOT NULL CHECK (strict IN (0, 1))," /* nobody else is served ES10 while it is active */
    "  state BLOB,"                                       /* what its IPA keeps, see ipa/ipa.h */
    "  profiles TEXT,"                  /* a digest of the profiles' states as it knows them, hexadecimal */
    "  poll_interval INTEGER NOT NULL," /* seconds */
    "  next_poll INTEGER NOT NULL DEFAULT 0," /* milliseconds since 1970 */
    "  give_up INTEGER," /* likewise: until then the result of a change is tried; NULL: none is */
    "  marked INTEGER NOT NULL DEFAULT 0" /* what is marked is a change of its own */
    ") STRICT;"
    "CREATE TABLE ipae_session ("   /* what a TLS handshake with a server is cut short with */
    "  number INTEGER PRIMARY KEY," /* the least is the oldest */
    "  server TEXT NOT NULL UNIQUE,"
    "  session BLOB NOT NULL"
    ") STRICT;";

static const char version_8[] =
    "ALTER TABLE ipae ADD COLUMN names BLOB;"; /* that it has found addresses of, see
                                                  euicc/network/resolver_cache.h */

/* How the IPAe polls and what it watches: its settings, each eIM's next poll, its clocks, what it has done.
 */
static const char version_9[] =
    "CREATE TABLE ipae_setting (" /* those that are not as they were made; euicc/ipae/ipae_settings.c */
    "  name TEXT NOT NULL,"
    "  eim_id TEXT NOT NULL," /* of which eIM; '': of all that have none of their own */
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY (name, eim_id)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO ipae_setting SELECT 'poll-interval', '', poll_interval FROM ipae WHERE poll_interval <> 900;"
    "CREATE TABLE ipae_eim (" /* no row: it was never polled */
    "  eim_id TEXT PRIMARY KEY REFERENCES eim (eim_id) ON DELETE CASCADE,"
    "  polled INTEGER NOT NULL,"    /* when the last poll of it was over, milliseconds since 1970 */
    "  next_poll INTEGER NOT NULL," /* likewise */
    "  failures INTEGER NOT NULL,"  /* polls since it was reached last */
    "  why TEXT"                    /* the last one failed; NULL: it did not */
    ") STRICT;"
    "INSERT INTO ipae_eim SELECT eim_id, 0, next_poll, 0, NULL FROM eim, ipae WHERE next_poll > 0;"
    "ALTER TABLE ipae DROP COLUMN poll_interval;"
    "ALTER TABLE ipae DROP COLUMN next_poll;"
    "ALTER TABLE ipae ADD COLUMN lost_since INTEGER;" /* nothing has come from the network since; NULL: it has
                                                       */
    "ALTER TABLE ipae ADD COLUMN on_trial INTEGER NOT NULL DEFAULT 0;" /* the profile was returned to, and has
                                                                          not shown yet that it has a network
                                                                        */
    "ALTER TABLE ipae ADD COLUMN in_vain INTEGER NOT NULL DEFAULT 0;"  /* changes since something was heard */
    "ALTER TABLE ipae ADD COLUMN return_at INTEGER;" /* from the Fallback Profile; NULL: there is nothing to
                                                        return to */
    "ALTER TABLE ipae ADD COLUMN imei TEXT;"         /* of the device that it was in last */
    "ALTER TABLE ipae ADD COLUMN plmn BLOB;"         /* that an eIM was told last, 3GPP TS 24.008 */
    "CREATE TABLE ipae_count ("                      /* what it has done since the card was made */
    "  name TEXT PRIMARY KEY,"
    "  value INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;";

const char *const nvm_migrations[] = {version_1, version_2, version_3, version_4, version_5,
                                      version_6, version_7, version_8, version_9};
const int nvm_schema_version = sizeof(nvm_migrations) / sizeof(nvm_migrations[0]);
