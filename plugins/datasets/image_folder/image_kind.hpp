// Whether a file is meant to be an image: by the end of its name, else by its first bytes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dha::datasets {

// ".jpg" of "IMG.JPG": in lower case, with its dot; empty where there is none.
std::string extension_of(std::string_view name);

// jpg, jpeg, jpe, jfif, png, webp, gif, bmp, tif, tiff, avif, heic, heif, jp2, in any letter case.
bool has_image_extension(std::string_view name);

// Whether the first bytes of a regular file are those of one of these formats; false where it cannot be read.
bool begins_like_image(const std::filesystem::path& file);

}  // namespace dha::datasets
