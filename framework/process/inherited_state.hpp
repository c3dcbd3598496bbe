// Repairs state that a program inherits from its parent and cannot work with.
#pragma once

namespace dha {

// Opens the null device in the place of standard streams that are closed: the next file that is opened would take their
// descriptor, and receive what is printed. Ignores SIGXFSZ, so that a file that exceeds the size limit of the process
// is reported where it is written. Called by main before anything else.
void repair_inherited_state();

}  // namespace dha
