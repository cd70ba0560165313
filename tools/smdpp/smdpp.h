/* What the files of the subcommand `softeuicc smdpp` share. */
#ifndef SOFTEUICC_TOOLS_SMDPP_SMDPP_H
#define SOFTEUICC_TOOLS_SMDPP_SMDPP_H

/* The clients, each with its own options; argv[0] is its name. They return an exit status. */
int smdpp_order(int argc, char **argv);
int smdpp_list(int argc, char **argv); /* orders, profiles, notifications: argv[0] says which */
int smdpp_cancel(int argc, char **argv);

#endif
