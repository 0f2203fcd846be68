#pragma once

namespace palimpsest {

// Thrown by check_interrupt(); the program exits with 130, having left every file whole.
struct Interrupted {};

void catch_interrupts();  // Ctrl-C and SIGTERM set a flag from now on; a second one ends the program at once
bool interrupted();
void check_interrupt();  // throws Interrupted when the flag is set; called between batches, images and steps

}  // namespace palimpsest
