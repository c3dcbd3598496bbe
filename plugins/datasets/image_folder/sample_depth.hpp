// How many bits of 16-bit images are significant.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

namespace dha::datasets {

// Those of `files` whose header says that they are PNG images of 16 bits. Reads 32 bytes of each; files that cannot be
// read are left out.
std::vector<std::filesystem::path> images_of_16_bits(const std::vector<std::filesystem::path>& files,
                                                     const std::function<void()>& check_cancelled);

// The smallest number of bits, 8 to 16, that holds the largest sample of `images`, apart from opacity. Decodes them, as
// many at a time as there are CPUs. `check_cancelled` is called now and then by the calling thread and may throw.
int significant_bits(const std::vector<std::filesystem::path>& images, const std::function<void()>& check_cancelled);

}  // namespace dha::datasets
