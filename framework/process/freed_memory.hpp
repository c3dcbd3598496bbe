// How the C library treats memory that is freed.
#pragma once

namespace dha {

// Keeps the memory of freed tensors in the process, where the C library would return it to the system and take it
// again, page by page, in each step. Called by main before other threads start.
void keep_freed_memory();

}  // namespace dha
