/* The command line of the terminal. */
#ifndef LAB_H323_OPTIONS_H
#define LAB_H323_OPTIONS_H

struct terminal;

/* Fills in t; ends the program when a word is not understood. */
void options_take(struct terminal *t, int argc, char **argv);

#endif
