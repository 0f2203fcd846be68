#pragma once

namespace palimpsest {

// Thrown by check_interrupt(); the program exits with 130 and leaves every file complete.
struct Interrupted {};

void catch_interrupts();  // from now on Ctrl-C and SIGTERM set a flag; a second one ends the program immediately
bool interrupted();
void check_interrupt();  // throws Interrupted when the flag is set; called between batches, images and steps

}  // namespace palimpsest
