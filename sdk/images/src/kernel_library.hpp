// The library with the CUDA kernel of dha_images::apply, which lies beside this one where it was built.
#pragma once

namespace dha::images {

// Opens it, once in a process; does nothing where there is none, or where LibTorch's CUDA library is not in the
// process. Throws Error{kLoadFailed} where the dynamic linker refuses it. [any thread]
void open_kernel_library();

}  // namespace dha::images
