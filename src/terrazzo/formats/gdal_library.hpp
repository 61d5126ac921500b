#pragma once
// GDAL's functions, for the .cpp files of this layer. Its library is loaded by
// set_up_gdal(), so that a program which meets only files of our own reader goes without
// it. In this namespace the objects below hide the functions that GDAL's headers declare:
// they are called, and passed on as addresses, in the same way. A function that is not
// listed does not link.

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <gdal_alg.h>
#include <gdal_utils.h>
#include <gdalwarper.h>
#include <ogr_srs_api.h>

#define TERRAZZO_GDAL_FUNCTIONS(apply)                                                                                                         \
  apply(CPLAtof) apply(CPLErrorReset) apply(CPLGetConfigOption) apply(CPLGetErrorHandlerUserData) apply(                                       \
      CPLGetThreadLocalConfigOption) apply(CPLMalloc) apply(CPLPopErrorHandler) apply(CPLPushErrorHandlerEx)                                   \
      apply(CPLQuietErrorHandler) apply(CPLSetConfigOption) apply(CPLSetErrorHandler) apply(                                                   \
          CPLSetThreadLocalConfigOption) apply(CSLCount) apply(CSLSetNameValue) apply(GDALAllRegister) apply(GDALApproxTransform)              \
          apply(GDALApproxTransformerOwnsSubtransformer) apply(GDALClose) apply(GDALCreate) apply(                                             \
              GDALCreateApproxTransformer) apply(GDALCreateGenImgProjTransformer2) apply(GDALCreateGenImgProjTransformer3)                     \
              apply(GDALCreateWarpedVRT) apply(GDALCreateWarpOptions) apply(GDALDatasetRasterIOEx) apply(                                      \
                  GDALDeleteRasterNoDataValue) apply(GDALDestroyTransformer) apply(GDALDestroyWarpOptions)                                     \
                  apply(GDALFlushCache) apply(GDALGCPsToGeoTransform) apply(GDALGenImgProjTransform) apply(                                    \
                      GDALGetBlockSize) apply(GDALGetCacheMax64) apply(GDALGetColorEntryAsRGB) apply(GDALGetColorEntryCount)                   \
                      apply(GDALGetDatasetDriver) apply(GDALGetDataTypeName) apply(GDALGetDefaultRAT) apply(                                   \
                          GDALGetDescription) apply(GDALGetDriverByName) apply(GDALGetDriverShortName)                                         \
                          apply(GDALGetGCPCount) apply(GDALGetGCPs) apply(GDALGetGCPSpatialRef) apply(                                         \
                              GDALGetGeoTransform) apply(GDALGetMaskBand) apply(GDALGetMaskFlags)                                              \
                              apply(GDALGetMetadataItem) apply(GDALGetOverview) apply(GDALGetOverviewCount) apply(                             \
                                  GDALGetRasterBand) apply(GDALGetRasterBandXSize) apply(GDALGetRasterBandYSize)                               \
                                  apply(GDALGetRasterCategoryNames) apply(GDALGetRasterColorInterpretation) apply(                             \
                                      GDALGetRasterColorTable) apply(GDALGetRasterCount)                                                       \
                                      apply(GDALGetRasterDataType) apply(GDALGetRasterNoDataValue) apply(                                      \
                                          GDALGetRasterNoDataValueAsInt64) apply(GDALGetRasterNoDataValueAsUInt64)                             \
                                          apply(GDALGetRasterOffset) apply(GDALGetRasterScale) apply(                                          \
                                              GDALGetRasterXSize) apply(GDALGetRasterYSize) apply(GDALGetSpatialRef)                           \
                                              apply(GDALOpenEx) apply(GDALRasterIO) apply(                                                     \
                                                  GDALRasterIOEx) apply(GDALRATGetColOfUsage) apply(GDALRATGetColumnCount)                     \
                                                  apply(GDALRATGetRowCount) apply(GDALRATGetTypeOfCol) apply(                                  \
                                                      GDALRATGetValueAsDouble) apply(GDALRATGetValueAsString)                                  \
                                                      apply(GDALSetCacheMax64) apply(                                                          \
                                                          GDALSetGeoTransform) apply(GDALSetMetadataItem)                                      \
                                                          apply(GDALSetProjection) apply(                                                      \
                                                              GDALSetRasterColorInterpretation) apply(GDALSuggestedWarpOutput2)                \
                                                              apply(GDALTranslate) apply(GDALTranslateOptionsFree) apply(                      \
                                                                  GDALTranslateOptionsNew) apply(GDALWarp) apply(GDALWarpAppOptionsFree)       \
                                                                  apply(GDALWarpAppOptionsNew) apply(                                          \
                                                                      GDALWarpAppOptionsSetProgress) apply(OCTDestroyCoordinateTransformation) \
                                                                      apply(OCTNewCoordinateTransformation) apply(                             \
                                                                          OCTTransformBounds) apply(OSRExportToWktEx)                          \
                                                                          apply(OSRNewSpatialReference) apply(                                 \
                                                                              OSRRelease) apply(OSRSetAxisMappingStrategy)                     \
                                                                              apply(OSRSetFromUserInput) apply(                                \
                                                                                  VSICurlPartialClearCache)                                    \
                                                                                  apply(VSIFCloseL) apply(                                     \
                                                                                      VSIFOpenL) apply(VSIFReadL)                              \
                                                                                      apply(VSIFree) apply(                                    \
                                                                                          VSIFSeekL)                                           \
                                                                                          apply(VSIFTellL) apply(                              \
                                                                                              VSIGetMemFileBuffer)                             \
                                                                                              apply(                                           \
                                                                                                  VSIRmdirRecursive)                           \
                                                                                                  apply(                                       \
                                                                                                      VSIStatL)

namespace terrazzo::formats {

// The address of a function, once the library is loaded; being convertible to it, it can
// be called.
template <class Pointer>
class GdalFunction {
 public:
  operator Pointer() const noexcept { return address_; }
  void found_at(void* address) noexcept { address_ = reinterpret_cast<Pointer>(address); }

 private:
  Pointer address_ = nullptr;
};

// The type of a pointer to a function without its attributes; never called.
template <class Result, class... Arguments>
auto plain(Result (*)(Arguments...)) -> Result (*)(Arguments...);

#define TERRAZZO_DECLARE(name) \
  inline constinit GdalFunction<decltype(plain(&::name))> name;
TERRAZZO_GDAL_FUNCTIONS(TERRAZZO_DECLARE)
#undef TERRAZZO_DECLARE

// Loads the library and finds all of the functions. Not while another thread does.
// Throws unavailable: it is not there, or is not the one terrazzo was built for.
void load_gdal();

}  // namespace terrazzo::formats
