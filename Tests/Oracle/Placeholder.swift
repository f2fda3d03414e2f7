public enum OraclePlaceholder {}
