// Which format an image file has, by its content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace dha::datasets {

enum class ImageFormat { kJpeg, kPng, kWebp };

// `beginning`: the first bytes of the file at `path`, at most 64 KiB of which matter. Throws UnreadableImage where it
// has another format, with a command that converts the file where there is one. [any thread]
ImageFormat image_format(std::span<const uint8_t> beginning, const std::filesystem::path& path);

}  // namespace dha::datasets
