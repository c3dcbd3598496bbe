// The library with the CUDA kernel of dha_images::apply, which lies beside this one where it was built.
#pragma once

namespace dha::images {

// Opens it, once per process; does nothing if there is none, or if LibTorch's CUDA library is not in the process.
// Throws Error{kLoadFailed} if the dynamic linker refuses it. [any thread]
void open_kernel_library();

}  // namespace dha::images
